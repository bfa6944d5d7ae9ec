"""Scores of a request's records in, the body of an answer in the media type that was negotiated out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from xgboost_daal4py.features import Matrix
from xgboost_daal4py.media_types import CSV, JSON, JSON_LINES, NPY
from xgboost_daal4py.outputs import Output, make_numbers, make_values
from xgboost_daal4py.predictor import Predictor, Scores


@dataclass(slots=True)
class Scored:
    """What a model makes of the records of a request, and which outputs of that are wanted."""

    predictor: Predictor
    matrix: Matrix
    scores: Scores
    outputs: Sequence[Output]

    def values(self, output: Output) -> Sequence[Any]:
        """Return an output of every record as people take it."""
        return make_values(output, self.predictor, self.matrix, self.scores)

    def numbers(self, output: Output) -> Scores:
        """Return an output of every record as numbers: one row a record."""
        return make_numbers(output, self.predictor, self.matrix, self.scores).reshape(len(self.scores), -1)


def write_answer(scored: Scored, media_type: str) -> bytes:
    """Return the body: one prediction per record, in their order.

    JSON names the outputs; CSV has one line a record and no header, a value with several numbers taking as many
    columns; npy is an array of 32-bit numbers, a label being the number of its class.
    """
    return _WRITERS[media_type](scored)


def _records(scored: Scored) -> list[dict[str, object]]:
    names = [output.value for output in scored.outputs]
    columns = [scored.values(output) for output in scored.outputs]
    return [dict(zip(names, row)) for row in zip(*columns)]  # noqa: B905 - all as long as the records are many


def _json(scored: Scored) -> bytes:
    document: bytes = orjson.dumps({"predictions": _records(scored)})
    return document


def _json_lines(scored: Scored) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in _records(scored))


def _csv(scored: Scored) -> bytes:
    text = io.StringIO()
    cells = [_cells(scored, output) for output in scored.outputs]
    csv.writer(text, lineterminator="\n").writerows(
        [cell for part in row for cell in part] for row in zip(*cells, strict=True)
    )
    return text.getvalue().encode()


def _cells(scored: Scored, output: Output) -> Sequence[Sequence[object]]:
    if output is Output.LABEL:
        return [(value,) for value in scored.values(output)]
    rows: Sequence[Sequence[object]] = scored.numbers(output).tolist()
    return rows


def _npy(scored: Scored) -> bytes:
    arrays = [scored.numbers(output).astype(np.float32) for output in scored.outputs]
    content = io.BytesIO()
    one = len(arrays) == 1 and arrays[0].shape[1] == 1
    np.save(content, arrays[0].ravel() if one else np.hstack(arrays), allow_pickle=False)
    return content.getvalue()


_WRITERS: Mapping[str, Callable[[Scored], bytes]] = {
    JSON: _json,
    JSON_LINES: _json_lines,
    CSV: _csv,
    NPY: _npy,
}
