"""What a model takes and answers: records become a request in its media type, its answer becomes predictions."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypedDict

from inference_api.api_errors import PlatformError

JSON = "application/json"
CSV = "text/csv"

Record = Mapping[str, Any]


class Prediction(TypedDict, total=False):
    """What the caller gets for one record: a score, a label, or both, as the model has them."""

    score: float
    label: str


class ModelFormat(Protocol):
    """How to talk to a model."""

    @property
    def media_type(self) -> str:
        """Of requests and answers."""

    def encode(self, records: Sequence[Record]) -> bytes:
        """Return the request for some records."""

    def decode(self, content: bytes, expected: int) -> list[Prediction]:
        """Return the predictions in an answer.

        Raises
        ------
        PlatformError
            The answer is not one prediction for each of the ``expected`` records.
        """


class JsonFormat:
    """A list of records in, ``{"predictions": [{"score", "label"}]}`` out."""

    media_type = JSON

    def encode(self, records: Sequence[Record]) -> bytes:
        """Return the records as JSON."""
        return json.dumps(list(records)).encode()

    def decode(self, content: bytes, expected: int) -> list[Prediction]:
        """Return the predictions in an answer."""
        return _read(lambda: (dict(item) for item in json.loads(content)["predictions"]), expected)


class CsvFormat:
    """A line for each record in, without a header; a line for each prediction out.

    Parameters
    ----------
    columns
        What a line of the request holds, in this order; null is an empty cell.
    answer_columns
        What a line of the answer holds: ``score``, ``label`` or nothing of interest.
    """

    media_type = CSV

    def __init__(self, columns: Sequence[str], answer_columns: Sequence[str]) -> None:
        self._columns = columns
        self._answer_columns = answer_columns

    def encode(self, records: Sequence[Record]) -> bytes:
        """Return the records as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_cell(record.get(name)) for name in self._columns] for record in records)
        return text.getvalue().encode()

    def decode(self, content: bytes, expected: int) -> list[Prediction]:
        """Return the predictions in an answer."""
        return _read(lambda: self._items(content.decode()), expected)

    def _items(self, text: str) -> Iterable[dict[str, Any]]:
        for row in csv.reader(io.StringIO(text)):
            if row:
                cells = (cell.strip() for cell in row)
                yield dict(zip(self._answer_columns, cells, strict=True))


def choose_format(media_type: str, columns: Sequence[str], answer_columns: Sequence[str]) -> ModelFormat:
    """Return the format of a model that takes and answers ``media_type``.

    Raises
    ------
    ValueError
        There is no such format.
    """
    if media_type == JSON:
        return JsonFormat()
    if media_type == CSV:
        return CsvFormat(columns, answer_columns)
    raise ValueError(f"there is no format {media_type!r}: there is {JSON} and {CSV}")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def _read(items: Callable[[], Iterable[Mapping[str, Any]]], expected: int) -> list[Prediction]:
    try:
        predictions = [_prediction(item) for item in items()]
    except (ValueError, TypeError, KeyError) as error:
        raise PlatformError(502, "model_failed", "The model's answer cannot be read.") from error
    if len(predictions) != expected:
        raise PlatformError(
            502, "model_failed", "The model answered another number of records than was sent."
        )
    return predictions


def _prediction(item: Mapping[str, Any]) -> Prediction:
    prediction = Prediction()
    if item.get("score") is not None:
        prediction["score"] = float(item["score"])
        if not math.isfinite(prediction["score"]):
            raise ValueError("JSON has no number for this score")
    if item.get("label") is not None:
        prediction["label"] = str(item["label"])
    if not prediction:
        raise ValueError("neither score nor label")
    return prediction
