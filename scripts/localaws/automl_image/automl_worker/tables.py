"""CSV files with a header in, rows of trimmed texts out; and how a table's columns become numbers for a model."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Row = list[str]
MOST_LEVELS = 50
"""Of a category's values only the most frequent get a column of their own."""


class TableError(Exception):
    """The data cannot be searched; the message is what the job's FailureReason tells."""


@dataclass(frozen=True)
class Table:
    """Rows under names."""

    names: Row
    rows: list[Row]

    def column(self, name: str) -> Row:
        """Return the cells of a column."""
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def without(self, name: str) -> Table:
        """Return the table without a column."""
        place = self.names.index(name)
        return Table(
            [each for each in self.names if each != name],
            [row[:place] + row[place + 1 :] for row in self.rows],
        )


def read_table(folder: Path) -> Table:
    """Read all files of a channel, which must have the same header."""
    names: Row = []
    rows: list[Row] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open(newline="", encoding="utf-8") as file:
            lines = trimmed(csv.reader(file))
            header = next(iter(lines), [])
            if names and header != names:
                raise TableError(f"{path.name} has another header than the files before it")
            names = header
            rows += lines
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise TableError(f"line {number} has {len(row)} cells, but the header {len(names)}")
    return Table(names, rows)


def trimmed(lines: Iterable[Sequence[str]]) -> Iterable[Row]:
    """Return lines that are not empty, their cells without spaces around them."""
    return iter([[cell.strip() for cell in line] for line in lines if line])


def number(text: str) -> float:
    """Return a cell's number, nan where there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Column:
    """How a column becomes numbers: scaled, or one number for each of its levels."""

    name: str
    levels: tuple[str, ...] | None
    mean: float = 0.0
    deviation: float = 1.0

    @classmethod
    def fit(cls, name: str, cells: Sequence[str]) -> Column:
        """Learn it: a column is numeric when all of its cells are that are not empty."""
        values = np.array([number(cell) for cell in cells])
        if not any(cell and math.isnan(value) for cell, value in zip(cells, values, strict=True)):
            known = values[~np.isnan(values)]
            if known.size:
                return cls(name, None, float(known.mean()), float(known.std()) or 1.0)
        counted = Counter(cells).most_common(MOST_LEVELS)
        return cls(name, tuple(sorted(level for level, _ in counted)))

    def matrix(self, cells: Sequence[str]) -> Matrix:
        """Return the column's numbers, missing ones as its mean."""
        if self.levels is None:
            values = np.array([number(cell) for cell in cells], dtype=np.float32)
            scaled: Matrix = np.nan_to_num((values - self.mean) / self.deviation)[:, None].astype(np.float32)
            return scaled
        places = {level: place for place, level in enumerate(self.levels)}
        found = np.zeros((len(cells), len(places)), dtype=np.float32)
        for row, cell in enumerate(cells):
            if cell in places:
                found[row, places[cell]] = 1.0
        return found


@dataclass(frozen=True)
class Encoding:
    """How a table's rows become a matrix."""

    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, table: Table) -> Encoding:
        """Learn it from a table without its target."""
        return cls(tuple(Column.fit(name, table.column(name)) for name in table.names))

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, Any]]) -> Encoding:
        """Return what `document` said."""
        return cls(
            tuple(Column(**{**each, "levels": each["levels"] and tuple(each["levels"])}) for each in document)
        )

    def document(self) -> list[dict[str, Any]]:
        """Return it as JSON takes it."""
        return [vars(column).copy() for column in self.columns]

    def matrix(self, rows: Sequence[Row]) -> Matrix:
        """Return the numbers of rows whose cells are in the order of the columns."""
        for place, row in enumerate(rows, start=1):
            if len(row) != len(self.columns):
                raise TableError(
                    f"row {place} has {len(row)} cells, but the model {len(self.columns)} columns"
                )
        cells = zip(*rows, strict=True)
        parts = [column.matrix(each) for column, each in zip(self.columns, cells, strict=True)]
        encoded: Matrix = np.concatenate(parts, axis=1)
        return encoded
