"""Raw records or CSV rows in, a checked table of columns out; `features` turns that into what the booster sees."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from xgboost_daal4py.errors import InvalidRecords, Problem, UserError
from xgboost_daal4py.schema import Column, Schema

Value = str | float | None
"""A category or code is a string, a number a float; None is a missing value."""
Table = dict[str, list[Value]]
"""Columns of equal length by name."""

MOST_PROBLEMS = 20
LARGEST = 3.4e38
"""What still fits a 32-bit float, in which features are computed."""


def check_records(records: Sequence[Any], schema: Schema) -> Table:
    """Turn raw records (parsed JSON) into a table.

    Raises
    ------
    InvalidRecords
        Naming record, column and reason of up to 20 problems.
    """
    problems: list[Problem] = []
    table: Table = {column.name: [] for column in schema.required}
    for index, record in enumerate(records):
        if not isinstance(record, dict):
            problems.append(Problem(index, None, "a record must be a JSON object"))
            continue
        if not record.keys() <= schema.names:
            problems += [
                Problem(index, name, "is not a known column") for name in record if name not in schema.names
            ]
        for column in schema.required:
            if column.name not in record:
                problems.append(Problem(index, column.name, "is missing (null stands for a missing value)"))
                continue
            value, reason = _from_json(record[column.name], column)
            if reason:
                problems.append(Problem(index, column.name, reason))
            table[column.name].append(value)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidRecords(problems[:MOST_PROBLEMS])
    return table


def parse_json(text: str) -> Any:
    """Parse JSON strictly: NaN and Infinity, which JSON does not have, are refused.

    Raises
    ------
    ValueError
        When the text is not JSON (also for nesting too deep to read).
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_records(lines: Iterable[str], schema: Schema) -> Table:
    """Read raw records as CSV with a header, its columns in any order, into a table; an empty value is missing.

    Raises
    ------
    InvalidRecords
        Naming record, column and reason of up to 20 problems.
    UserError
        When this is not CSV.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _refuse_columns(header, schema)
        return _read_cells(reader, header, schema)
    except csv.Error as error:
        raise UserError(f"line {reader.line_num} is not CSV: {error}") from error


def _refuse_columns(header: Sequence[str], schema: Schema) -> None:
    needed = (column.name for column in schema.required)
    problems = [Problem(None, name, "is missing in the header") for name in needed if name not in header]
    problems += [Problem(None, name, "is not a known column") for name in header if name not in schema.names]
    problems += [
        Problem(None, name, "is in the header twice")
        for name in sorted(set(header))
        if header.count(name) > 1
    ]
    if problems:
        raise InvalidRecords(problems[:MOST_PROBLEMS])


def _read_cells(rows: Iterable[list[str]], header: Sequence[str], schema: Schema) -> Table:
    places = [(header.index(column.name), column) for column in schema.required]
    table: Table = {column.name: [] for column in schema.required}
    problems: list[Problem] = []
    for record, row in enumerate(row for row in rows if row):
        if len(row) != len(header):
            problems.append(Problem(record, None, f"has {len(row)} values, the header has {len(header)}"))
        else:
            for place, column in places:
                value, reason = _from_text(row[place].strip(), column)
                if reason:
                    problems.append(Problem(record, column.name, reason))
                table[column.name].append(value)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidRecords(problems[:MOST_PROBLEMS])
    if not any(table.values()):
        raise InvalidRecords([Problem(None, None, "there is no row")])
    return table


@dataclass(frozen=True)
class Label:
    """The column that a model learns to predict, and the two values that it may have."""

    column: str
    positive: str
    negative: str


def read_table(lines: Iterable[str], schema: Schema, label: Label) -> tuple[Table, list[bool]]:
    """Read CSV text with a header into a table and, row by row, whether the label is positive.

    Parameters
    ----------
    lines
        The file's lines; a value left empty is missing.
    schema
        The columns that must be there; one that is neither in it nor the label is refused.
    label
        The label's column and values.

    Raises
    ------
    InvalidRecords
        Naming column and row (numbered as a text editor does, the header being row 1).
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, schema, label)
        return _read_rows(reader, header, schema, label)
    except csv.Error as error:
        raise UserError(f"row {reader.line_num}: this is not CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"near row {reader.line_num}: the file is not UTF-8 text") from error


def _check_header(header: list[str], schema: Schema, label: Label) -> None:
    if not any(header):
        raise UserError("the data is empty: not even a header was found")
    known = {column.name for column in schema.columns} | {label.column}
    missing = [
        name for name in (*(column.name for column in schema.required), label.column) if name not in header
    ]
    unknown = [name for name in header if name not in known]
    twice = sorted({name for name in header if header.count(name) > 1})
    problems = [Problem(None, name, f"row 1: column {name!r} is missing") for name in missing]
    problems += [Problem(None, name, f"row 1: column {name!r} is not in the schema") for name in unknown]
    problems += [Problem(None, name, f"row 1: column {name!r} is there twice") for name in twice]
    if problems:
        raise InvalidRecords(problems[:MOST_PROBLEMS])


def _read_rows(reader: Any, header: list[str], schema: Schema, label: Label) -> tuple[Table, list[bool]]:
    places = [(header.index(column.name), column) for column in schema.required]
    label_place = header.index(label.column)
    table: Table = {column.name: [] for column in schema.required}
    labels: list[bool] = []
    problems: list[Problem] = []
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            _refuse_row(reader.line_num, None, f"has {len(row)} values where the header has {len(header)}")
        for place, column in places:
            value, reason = _from_text(row[place].strip(), column)
            if reason:
                problems.append(_row_problem(reader.line_num, column.name, reason))
            table[column.name].append(value)
        raw = row[label_place].strip()
        if raw not in (label.positive, label.negative):
            reason = f"{raw!r} is neither {label.positive!r} nor {label.negative!r}"
            problems.append(_row_problem(reader.line_num, label.column, reason))
        labels.append(raw == label.positive)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidRecords(problems[:MOST_PROBLEMS])
    if not labels:
        raise UserError("the data is empty: there is a header but no row")
    return table, labels


def _row_problem(row: int, column: str | None, reason: str) -> Problem:
    where = f"row {row}" if column is None else f"row {row}, column {column!r}"
    return Problem(row, column, f"{where}: {reason}")


def _refuse_row(row: int, column: str | None, reason: str) -> NoReturn:
    raise InvalidRecords([_row_problem(row, column, reason)])


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _from_json(value: Any, column: Column) -> tuple[Value, str]:
    if value is None:
        return None, ""
    if column.kind == "number":
        return _number(value)
    if isinstance(value, str):
        return value.strip() or None, ""
    if column.kind == "code" and isinstance(value, int) and not isinstance(value, bool):
        return str(value), ""
    return None, "must be a string" if column.kind == "category" else "must be a whole number or a string"


def _number(value: Any) -> tuple[Value, str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, "must be a number"
    if not -LARGEST < value < LARGEST:
        return None, "is too large a number"
    return float(value), ""


def _from_text(text: str, column: Column) -> tuple[Value, str]:
    if not text:
        return None, ""
    if column.kind != "number":
        return text, ""
    try:
        number = float(text)
    except ValueError:
        return None, f"{text!r} is not a number"
    if math.isnan(number):
        return None, ""
    return _number(number) if abs(number) < LARGEST else (None, f"{text!r} is too large a number")
