"""What a transform job keeps of each record: filters by JSONPath, predictions joined to the input they are of."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonpath_ng import JSONPath
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.jsonpath import Fields, Index, Slice, Wildcard
from jsonpath_ng.parser import parse
from moto.sagemaker.exceptions import ValidationError

EVERYTHING = "$"
CSV = "text/csv"
JSON = "application/json"
JSON_TYPES = (JSON, "application/jsonlines", "application/x-jsonlines", "application/x-ndjson")


class RecordError(Exception):
    """A record is not of the content type, or a filter finds nothing in it."""


@dataclass(frozen=True)
class Filter:
    """A JSONPath expression, as far as SageMaker knows them: names, indices, slices and wildcards."""

    text: str
    path: JSONPath

    @classmethod
    def of(cls, text: str, option: str) -> Filter:
        """Return the filter; refuse, naming the ``option``, what is none."""
        try:
            path = parse(text)
        except JSONPathError as error:
            raise ValidationError(f"{option} {text} is not a JSONPath expression: {error}") from error
        if ".." in text or "@" in text:
            raise ValidationError(f"{option} {text} is invalid: deep scan and @ are not supported.")
        return cls(text, path)

    @property
    def takes_all(self) -> bool:
        """It keeps records as they are."""
        return self.text == EVERYTHING

    def __call__(self, value: Any) -> Any:
        """Return the part of ``value``: an element, a list of elements, or an object of several names."""
        found = self.path.find(value)
        last = getattr(self.path, "right", self.path)
        wanted = len(getattr(last, "fields", ()) or getattr(last, "indices", ()) or ("one",))
        if len(found) < wanted and not isinstance(last, Slice | Wildcard):
            raise RecordError(f"{self.text} is not in the record")
        if isinstance(last, Fields) and wanted > 1:
            return {str(match.path): match.value for match in found}
        if isinstance(last, Slice | Wildcard) or (isinstance(last, Index) and wanted > 1):
            return [match.value for match in found]
        return found[0].value


@dataclass(frozen=True)
class DataProcessing:
    """The DataProcessing of a transform job.

    Attributes
    ----------
    input_filter, output_filter
        What the model gets of a record, and what is stored of the result.
    joins
        The result is the input record and its prediction.
    content_type
        Of the input.
    """

    input_filter: Filter
    output_filter: Filter
    joins: bool
    content_type: str

    @classmethod
    def of(cls, given: Mapping[str, str], content_type: str, accept: str) -> DataProcessing:
        """Return it as a request gives it; refuse what cannot be read as records."""
        processing = cls(
            Filter.of(given.get("InputFilter", EVERYTHING), "InputFilter"),
            Filter.of(given.get("OutputFilter", EVERYTHING), "OutputFilter"),
            given.get("JoinSource", "None") == "Input",
            content_type,
        )
        if processing.passes_through:
            return processing
        if media_type(content_type) not in (CSV, *JSON_TYPES):
            raise ValidationError(
                f"DataProcessing needs a ContentType of {[CSV, *JSON_TYPES]}, not '{content_type}'."
            )
        if processing.joins and accept and is_csv(accept) != is_csv(content_type):
            raise ValidationError(
                f"JoinSource Input needs an Accept like the ContentType: '{accept}' is not like '{content_type}'."
            )
        return processing

    @property
    def passes_through(self) -> bool:
        """Neither filters nor joins."""
        return self.input_filter.takes_all and self.output_filter.takes_all and not self.joins

    @property
    def by_record(self) -> bool:
        """Answers must be taken apart into the predictions of single records."""
        return self.joins or not self.output_filter.takes_all

    def for_model(self, record: bytes) -> bytes:
        """Return what the model gets of a record."""
        if self.input_filter.takes_all:
            return record
        return _write(self.input_filter(_read(record, self.content_type)), self.content_type)

    def for_output(self, record: bytes, prediction: bytes, prediction_type: str) -> bytes:
        """Return what is stored for a record and its prediction."""
        result = _read(prediction, prediction_type)
        if self.joins:
            result = _joined(_read(record, self.content_type), result, is_csv(self.content_type))
        return _write(self.output_filter(result), self.content_type if self.joins else prediction_type)


def media_type(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_csv(content_type: str) -> bool:
    """Tell whether records of this type are rows."""
    return media_type(content_type) == CSV


def _joined(record: Any, prediction: Any, rows: bool) -> Any:
    if rows:
        return [*record, *prediction]
    if isinstance(record, dict):
        return {**record, "SageMakerOutput": prediction}
    return {"SageMakerInput": record, "SageMakerOutput": prediction}


def _read(record: bytes, content_type: str) -> Any:
    try:
        text = record.decode("utf-8")
        return next(csv.reader([text]), []) if is_csv(content_type) else json.loads(text)
    except (ValueError, csv.Error) as error:
        raise RecordError(f"Unable to parse data as {media_type(content_type)}: {error}") from error


def _write(value: Any, content_type: str) -> bytes:
    if not is_csv(content_type):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(value if isinstance(value, list) else [value])
    return line.getvalue().encode()
