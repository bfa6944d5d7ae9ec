"""Columns of outputs in, the body of an answer in the media type that was negotiated out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import orjson

from xgboost_daal4py.media_types import CSV, JSON, JSON_LINES, NPY
from xgboost_daal4py.outputs import Columns


def write_answer(columns: Sequence[Columns], media_type: str) -> bytes:
    """Return the body: one prediction per record, in their order.

    JSON names the outputs; CSV has one line a record and no header, a value with several numbers taking as many
    columns; npy is an array of 32-bit numbers, a label being the number of its class.
    """
    return _WRITERS[media_type](columns)


def _records(columns: Sequence[Columns]) -> list[dict[str, object]]:
    names = [column.name for column in columns]
    rows = zip(*(column.values for column in columns), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _json(columns: Sequence[Columns]) -> bytes:
    document: bytes = orjson.dumps({"predictions": _records(columns)})
    return document


def _json_lines(columns: Sequence[Columns]) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in _records(columns))


def _csv(columns: Sequence[Columns]) -> bytes:
    text = io.StringIO()
    cells = [_cells(column) for column in columns]
    csv.writer(text, lineterminator="\n").writerows(
        [cell for part in row for cell in part] for row in zip(*cells, strict=True)
    )
    return text.getvalue().encode()


def _cells(column: Columns) -> Sequence[Sequence[object]]:
    if column.name == "label":
        return [(value,) for value in column.values]
    rows: Sequence[Sequence[object]] = column.make_numbers().reshape(len(column.values), -1).tolist()
    return rows


def _npy(columns: Sequence[Columns]) -> bytes:
    arrays = [column.make_numbers().astype(np.float32) for column in columns]
    array = arrays[0] if len(arrays) == 1 else np.column_stack(arrays)
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


_WRITERS: Mapping[str, Callable[[Sequence[Columns]], bytes]] = {
    JSON: _json,
    JSON_LINES: _json_lines,
    CSV: _csv,
    NPY: _npy,
}
