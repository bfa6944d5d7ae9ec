"""CSV of processed features in, a matrix out: the `train` and `validation` channels and text/csv requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from xgboost_daal4py.errors import InvalidRecords, Problem
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.records import LARGEST, MOST_PROBLEMS


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


def _parse_row(record: int, values: Sequence[str], names: Sequence[str]) -> tuple[Matrix, Problem | None]:
    empty = np.empty(0, dtype=np.float32)
    if len(values) != len(names):
        return empty, Problem(record, None, f"has {len(values)} values, the model takes {len(names)}")
    try:
        row = np.array([float(value or "nan") for value in values])
    except ValueError:
        place = next(place for place, value in enumerate(values) if not _is_number(value))
        reason = f"value {place + 1}, {values[place][:40]!r}, is not a number"
        return empty, Problem(record, names[place], reason)
    too_large = np.abs(row) > LARGEST
    if too_large.any():
        return empty, Problem(record, names[int(too_large.argmax())], "is too large a number")
    return row.astype(np.float32), None


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
