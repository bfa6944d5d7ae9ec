"""The one implementation of preprocessing: fitted by the preprocess step, saved in the model, applied when serving."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.records import LARGEST
from xgboost_daal4py.schema import Column, Schema

Matrix: TypeAlias = npt.NDArray[np.float32]
FORMAT = 1
NAN = float("nan")
FEW_ROWS = 12
"""Up to so many, computing row by row is quicker."""
ROWS_AT_ONCE = 65_536
"""Memory for intermediate values is bounded by it."""


@dataclass(frozen=True)
class Codes:
    """A column of categories in a compact form: each row's place in ``values``, -1 where it is missing."""

    codes: npt.NDArray[np.int32]
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: npt.NDArray[np.intp]) -> Codes:
        """Return the given rows."""
        return Codes(self.codes[rows], self.values)


Cells: TypeAlias = Sequence[str | float | None] | npt.NDArray[np.floating] | Codes
"""A column of a table: a list as parsed from a request, or what a reader of many rows makes of it."""


class FeatureTransform:
    """Turns a table of raw columns into the matrix that the booster sees.

    A number stays as it is (missing: NaN, which XGBoost understands). A category becomes one indicator per value that
    the training data had; a value unknown to it and a missing one are all zeros. Derived features follow.
    """

    def __init__(self, schema: Schema, categories: Mapping[str, Sequence[str]]) -> None:
        self.schema = schema
        self.categories = {name: tuple(values) for name, values in categories.items()}
        self._computed = self._name_computed()
        self._unseen = self._find_unseen()
        self.names = self._name_kept()
        self._plan = _Plan.make(self)

    @classmethod
    def fit(cls, table: Mapping[str, Cells], schema: Schema) -> FeatureTransform:
        """Learn the categories from training data."""
        categories = {
            column.name: _distinct(table[column.name])
            for column in schema.required
            if column.kind != "number"
        }
        return cls(schema, categories)

    @classmethod
    def plain(cls, names: Sequence[str]) -> FeatureTransform:
        """Return the transform of data that needs none: all columns are numbers and features by the same names."""
        return cls(Schema(tuple(Column(name, "number") for name in names)), {})

    def transform(self, table: Mapping[str, Cells]) -> Matrix:
        """Return one row per record and one column per feature, in the order of `names`."""
        return self._plan.compute(table)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back."""
        return {
            "format": FORMAT,
            "schema": self.schema.to_dict(),
            "categories": {name: list(values) for name, values in self.categories.items()},
            "features": list(self.names),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> FeatureTransform:
        """Build a fitted transform from plain data.

        Raises
        ------
        UserError
            When the document is of another format or contradicts itself.
        """
        if document.get("format") != FORMAT:
            raise UserError(
                f"features.json is of format {document.get('format')!r}, this container reads {FORMAT}"
            )
        try:
            schema = Schema.from_dict(document["schema"])
            categories = {
                name: [str(value) for value in values] for name, values in document["categories"].items()
            }
            transform = cls(schema, categories)
            if list(transform.names) != document["features"]:
                raise UserError("features.json lists other features than its schema and categories give")
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(f"features.json is incomplete: {error}") from error
        return transform

    @property
    def unseen(self) -> Sequence[tuple[str, str, str]]:
        """Name, column and category of indicators that only derived features need."""
        return self._unseen

    def _name_computed(self) -> tuple[str, ...]:
        names: list[str] = []
        for column in self.schema.required:
            if column.kind == "number":
                names.append(column.name)
            else:
                names += [_indicator_name(column.name, category) for category in self.categories[column.name]]
        return (*names, *(item.name for item in self.schema.derived))

    def _find_unseen(self) -> list[tuple[str, str, str]]:
        """Find the indicators that derived features need although the training data had no such category."""
        available = set(self._computed) - {item.name for item in self.schema.derived}
        unseen: list[tuple[str, str, str]] = []
        for item in self.schema.derived:
            for part in item.of:
                column, _, category = part.rpartition("=")
                if part not in available and column in self.categories:
                    unseen.append((part, column, category))
                elif part not in available:
                    raise UserError(
                        f"derived feature {item.name!r} needs {part!r}, which is not an earlier feature"
                    )
                available.add(part)
            available.add(item.name)
        return unseen

    def _name_kept(self) -> tuple[str, ...]:
        dropped = set(self.schema.excluded)
        dropped |= {
            _indicator_name(name, category)
            for name, values in self.categories.items()
            if name in dropped
            for category in values
        }
        return tuple(name for name in self._computed if name not in dropped)


@dataclass(frozen=True)
class _Plan:
    """What has to be computed, and where it goes: features first, in their order, then what only others are made of.

    A record alone is computed in Python numbers, many records in arrays, both in 64 bits by the same functions: one
    array per feature would cost a single record ten times its price.
    """

    features: int
    slots: int
    numbers: Sequence[tuple[str, int]]
    """Column, slot."""
    indicators: Sequence[tuple[str, Mapping[str, int]]]
    """Column, slot by category."""
    derived: Sequence[tuple[Callable[[Any, Any], Any], int, Sequence[int]]]
    """Operation, slot, slots of what it is computed of."""

    @classmethod
    def make(cls, transform: FeatureTransform) -> _Plan:
        schema = transform.schema
        slots = _place_slots(transform.names, schema)
        indicators: list[tuple[str, Mapping[str, int]]] = []
        for name, values in transform.categories.items():
            known = [*values, *(category for _, column, category in transform.unseen if column == name)]
            places = {
                value: slots[_indicator_name(name, value)]
                for value in known
                if _indicator_name(name, value) in slots
            }
            indicators += [(name, places)] if places else []
        return cls(
            features=len(transform.names),
            slots=len(slots),
            numbers=[
                (item.name, slots[item.name])
                for item in schema.required
                if item.kind == "number" and item.name in slots
            ],
            indicators=indicators,
            derived=[
                (_OPERATIONS[item.operation], slots[item.name], [slots[name] for name in item.of])
                for item in schema.derived
                if item.name in slots
            ],
        )

    def compute(self, table: Mapping[str, Cells]) -> Matrix:
        rows = len(next(iter(table.values()), ()))
        if rows <= FEW_ROWS and all(isinstance(cells, list) for cells in table.values()):
            return np.array([self._compute_row(table, row) for row in range(rows)], dtype=np.float32)
        features = np.empty((rows, self.features), dtype=np.float32)
        with np.errstate(all="ignore"):
            for start in range(0, rows, ROWS_AT_ONCE):
                self._compute_rows(table, slice(start, start + ROWS_AT_ONCE), features)
        return features

    def _compute_row(self, table: Mapping[str, Any], row: int) -> list[float]:
        block = [0.0] * self.slots
        for name, slot in self.numbers:
            value = table[name][row]
            block[slot] = NAN if value is None else value
        for name, places in self.indicators:
            place = places.get(table[name][row])
            if place is not None:
                block[place] = 1.0
        for operation, slot, of in self.derived:
            value = functools.reduce(operation, [block[place] for place in of])
            block[slot] = value if -LARGEST < value < LARGEST else NAN
        return block[: self.features]

    def _compute_rows(self, table: Mapping[str, Cells], rows: slice, features: Matrix) -> None:
        part = features[rows]
        block = np.zeros((self.slots, len(part)))
        for name, slot in self.numbers:
            block[slot] = table[name][rows]  # type: ignore[index]
        for name, places in self.indicators:
            _mark(block, table[name], rows, places)
        for operation, slot, of in self.derived:
            values = functools.reduce(operation, [block[place] for place in of])
            block[slot] = np.where(np.abs(values) < LARGEST, values, NAN)
        part[:] = block[: self.features].T


def _place_slots(features: Sequence[str], schema: Schema) -> dict[str, int]:
    """Number the features, and after them everything that is needed to compute them."""
    slots = {name: slot for slot, name in enumerate(features)}
    for item in reversed(schema.derived):
        if item.name in slots:
            for name in item.of:
                slots.setdefault(name, len(slots))
    return slots


def _indicator_name(column: str, category: str) -> str:
    return f"{column}={category}"


def _distinct(cells: Cells) -> list[str]:
    if isinstance(cells, Codes):
        return sorted(cells.values[code] for code in np.unique(cells.codes) if code >= 0)
    return sorted({str(value) for value in cells if value is not None})


def _mark(block: npt.NDArray[np.float64], cells: Cells, rows: slice, places: Mapping[str, int]) -> None:
    """Write a 1 where a row has a category; the block is zero before."""
    if isinstance(cells, Codes):
        codes = cells.codes[rows]
        for code, value in enumerate(cells.values):
            if value in places:
                block[places[value]] = codes == code
        return
    for row, category in enumerate(cells[rows]):
        slot = places.get(category)
        if slot is not None:
            block[slot, row] = 1


def _divide(left: Any, right: Any) -> Any:
    try:
        return left / right
    except ZeroDivisionError:
        return NAN


_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "sum": operator.add,
    "difference": operator.sub,
    "product": operator.mul,
    "ratio": _divide,
}
