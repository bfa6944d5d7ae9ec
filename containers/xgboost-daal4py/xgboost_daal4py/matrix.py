"""CSV of processed features in, a matrix out: the `train` and `validation` channels and text/csv requests."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence

import numpy as np

from xgboost_daal4py.errors import InvalidRecords, Problem
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.records import MOST_PROBLEMS


def parse_matrix(lines: Iterable[str], names: Sequence[str]) -> Matrix:
    """Read rows of numbers without a header; an empty value or ``nan`` is missing.

    Raises
    ------
    InvalidRecords
        Naming row and feature when a row has another width than ``names`` or a value is not a number.
    """
    rows: list[Matrix] = []
    problems: list[Problem] = []
    for values in csv.reader(lines):
        if not values:
            continue
        record = len(rows) + len(problems)
        try:
            row = np.array([value or "nan" for value in values], dtype=np.float32)
        except ValueError:
            problems.append(_find_text(record, values, names))
            continue
        if len(row) != len(names):
            problems.append(Problem(record, None, f"has {len(row)} values, the model takes {len(names)}"))
        elif np.isinf(row).any():
            problems.append(Problem(record, names[int(np.isinf(row).argmax())], "is too large a number"))
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


def _find_text(record: int, values: Sequence[str], names: Sequence[str]) -> Problem:
    place = next(place for place, value in enumerate(values) if not _is_number(value))
    name = names[place] if place < len(names) else None
    return Problem(record, name, f"value {place + 1}, {values[place][:40]!r}, is not a number")


def _is_number(text: str) -> bool:
    try:
        np.float32(text or "nan")
    except ValueError:
        return False
    return True
