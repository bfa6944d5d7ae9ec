"""CSV of processed features in, a matrix out: the `train` and `validation` channels and text/csv requests."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv

from xgboost_daal4py.errors import InvalidRecords, Problem
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.records import LARGEST, MOST_PROBLEMS

MISSING = ("", "nan", "NaN", "NAN")
MANY_BYTES = 32_768
"""From here on Arrow's parser, which takes its time to start, is quicker."""
LARGEST_SQUARES = 1e76
"""Numbers whose sum of squares is below it are all smaller than `LARGEST`, and none of them is missing."""
PLAIN_NUMBERS = b"0123456789+-.eE, \r\n"


def parse_csv(content: bytes, names: Sequence[str]) -> Matrix:
    """Read the rows of a CSV body as `parse_matrix` does, quicker.

    Raises
    ------
    InvalidRecords
        As `parse_matrix` does.
    UnicodeDecodeError
        When the body is not UTF-8 text.
    """
    many = len(content) >= MANY_BYTES
    matrix = _parse_with_arrow(content, len(names)) if many else _parse_few(content, len(names))
    return parse_matrix(io.StringIO(content.decode("utf-8")), names) if matrix is None else matrix


def parse_matrix(lines: Iterable[str], names: Sequence[str]) -> Matrix:
    """Read rows of numbers without a header; an empty value or ``nan`` is missing.

    Raises
    ------
    InvalidRecords
        Naming row and feature when a row has another width than ``names`` or a value is not a number.
    """
    rows: list[Matrix] = []
    problems: list[Problem] = []
    for line in lines:
        text = line.strip()
        if not text:
            continue
        row, problem = _parse_row(len(rows) + len(problems), text.split(","), names)
        if problem:
            problems.append(problem)
        else:
            rows.append(row)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidRecords(problems)
    if not rows:
        raise InvalidRecords([Problem(None, None, "there is no row")])
    return np.vstack(rows)


def format_matrix(matrix: Matrix) -> str:
    """Write rows that `parse_matrix` reads back to the same numbers."""
    return "".join(
        ",".join("" if value != value else format(value, ".9g") for value in row) + "\n"
        for row in matrix.tolist()
    )


def _parse_few(content: bytes, width: int) -> Matrix | None:
    """Read some full rows of plain numbers, the usual request, as the JSON that they nearly are; None for others."""
    if content.translate(None, PLAIN_NUMBERS):
        return None
    rows = content.strip().replace(b"\r\n", b"\n").replace(b"\n", b"],[")
    try:
        matrix = np.array(orjson.loads(b"[[" + rows + b"]]"), dtype=np.float64)
    except ValueError:
        return None
    flat = matrix.ravel()
    if matrix.ndim != 2 or matrix.shape[1] != width or not flat.dot(flat) < LARGEST_SQUARES:
        return None
    return matrix.astype(np.float32)


def _parse_with_arrow(content: bytes, width: int) -> Matrix | None:
    """Read many rows; None where Arrow sees something odd, which `parse_matrix` then names or forgives."""
    columns = [f"f{place}" for place in range(width)]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(column_names=columns),
            parse_options=pyarrow.csv.ParseOptions(quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.float32()), null_values=MISSING
            ),
        )
    except pa.ArrowException:
        return None
    matrix = np.empty((table.num_rows, len(columns)), dtype=np.float32)
    for place, column in enumerate(table.columns):
        matrix[:, place] = column.to_numpy()
    return None if not len(matrix) or np.isinf(matrix).any() else matrix


def _parse_row(record: int, values: Sequence[str], names: Sequence[str]) -> tuple[Matrix, Problem | None]:
    empty = np.empty(0, dtype=np.float32)
    if len(values) != len(names):
        return empty, Problem(record, None, f"has {len(values)} values, the model takes {len(names)}")
    try:
        row = np.array([_number(value) for value in values])
    except ValueError:
        place = next(place for place, value in enumerate(values) if not _is_number(value))
        reason = f"value {place + 1}, {values[place][:40]!r}, is not a number"
        return empty, Problem(record, names[place], reason)
    too_large = np.abs(row) > LARGEST
    if too_large.any():
        return empty, Problem(record, names[int(too_large.argmax())], "is too large a number")
    return row.astype(np.float32), None


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError("Python's own way of writing numbers")
    return float(text) if text.strip() else np.nan


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True
