"""A raw CSV file in, columns for `features` out: what `records.read_table` reads, for files of millions of rows."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.csv

from xgboost_daal4py.features import Cells, Codes
from xgboost_daal4py.records import LARGEST, Label, read_table
from xgboost_daal4py.schema import Schema

BLOCK = 2**22


def read_raw_columns(
    path: Path, schema: Schema, label: Label
) -> tuple[dict[str, Cells], npt.NDArray[np.bool_]]:
    """Read a file's columns, numbers as arrays and categories as codes, and row by row whether the label is positive.

    Whatever the quick reader does not take is left to `read_table`, which knows what is wrong.

    Raises
    ------
    UserError
        Naming row and column of what does not fit the schema.
    """
    columns = _read_quickly(path, schema, label)
    if columns is not None:
        return columns
    with path.open(encoding="utf-8-sig", newline="") as lines:
        table, labels = read_table(lines, schema, label)
    return dict(table), np.array(labels)


def take_rows(table: Mapping[str, Cells], rows: npt.NDArray[np.intp]) -> dict[str, Cells]:
    """Return the given rows of a table."""
    return {name: _take(cells, rows) for name, cells in table.items()}


def list_values(cells: Cells) -> list[Any]:
    """Return a column as plain values: whole numbers without a point, None for what is missing."""
    if isinstance(cells, Codes):
        return [None if code < 0 else cells.values[code] for code in cells.codes.tolist()]
    return [
        int(value) if isinstance(value, float) and value.is_integer() else value
        for value in _without_nan(cells)
    ]


def _without_nan(cells: Any) -> list[Any]:
    if isinstance(cells, np.ndarray):
        return [None if value != value else value for value in cells.tolist()]
    return list(cells)


def _take(cells: Cells, rows: npt.NDArray[np.intp]) -> Cells:
    if isinstance(cells, Codes):
        return cells.take(rows)
    if isinstance(cells, np.ndarray):
        return cells[rows]
    return [cells[row] for row in rows.tolist()]


def _read_quickly(
    path: Path, schema: Schema, label: Label
) -> tuple[dict[str, Cells], npt.NDArray[np.bool_]] | None:
    numbers = [column.name for column in schema.required if column.kind == "number"]
    words = [column.name for column in schema.required if column.kind != "number"] + [label.column]
    if not _has_columns(path, {*numbers, *words}, {column.name for column in schema.columns}):
        return None
    try:
        table = _read_table(path, numbers, words)
    except pyarrow.lib.ArrowInvalid:
        return None
    columns: dict[str, Cells] = {}
    for name in numbers:
        columns[name] = table[name].to_numpy()
    for name in words[:-1]:
        columns[name] = _encode(table[name])
    labels = _encode(table[label.column])
    if (
        not table.num_rows
        or not all(_fits(columns[name]) for name in numbers)
        or not _is_label(labels, label)
    ):
        return None
    return columns, labels.codes == labels.values.index(label.positive)


def _has_columns(path: Path, required: set[str], known: set[str]) -> bool:
    """Tell whether the header is plain: `read_table` takes more, and says what is wrong."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        header = next(csv.reader(lines), [])
    return required <= set(header) <= required | known and len(set(header)) == len(header)


def _read_table(path: Path, numbers: list[str], words: list[str]) -> Any:
    word = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    return pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=BLOCK),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(numbers, pyarrow.float64()) | dict.fromkeys(words, word),
            include_columns=[*numbers, *words],
            null_values=[""],
            strings_can_be_null=True,
        ),
    ).unify_dictionaries()


def _encode(column: Any) -> Codes:
    """Turn a dictionary column into codes; values that differ only in the blanks around them are one."""
    dictionary = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    values = list(dict.fromkeys(value.strip() for value in dictionary))
    places = np.array(
        [values.index(value.strip()) if value.strip() else -1 for value in dictionary] + [-1], np.int32
    )
    codes = [chunk.indices.fill_null(-1).to_numpy() for chunk in column.chunks]
    return Codes(places[np.concatenate(codes)] if codes else places[:0], tuple(values))


def _fits(cells: Any) -> bool:
    return not (np.abs(cells) >= LARGEST).any()


def _is_label(labels: Codes, label: Label) -> bool:
    return set(labels.values) == {label.positive, label.negative} and bool((labels.codes >= 0).all())
