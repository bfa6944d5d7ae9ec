"""The one implementation of preprocessing: fitted by the preprocess step, saved in the model, applied when serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.records import Table, Value
from xgboost_daal4py.schema import Derived, Schema

Matrix: TypeAlias = npt.NDArray[np.float32]
FORMAT = 1


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

    @classmethod
    def fit(cls, table: Table, schema: Schema) -> FeatureTransform:
        """Learn the categories from training data."""
        categories = {
            column.name: sorted({str(value) for value in table[column.name] if value is not None})
            for column in schema.required
            if column.kind != "number"
        }
        return cls(schema, categories)

    def transform(self, table: Table) -> Matrix:
        """Return one row per record and one column per feature, in the order of `names`."""
        computed: dict[str, Matrix] = {}
        for column in self.schema.required:
            if column.kind == "number":
                computed[column.name] = np.array(table[column.name], dtype=np.float32)
            else:
                computed |= {
                    _indicator_name(column.name, category): _indicator(table[column.name], category)
                    for category in self.categories[column.name]
                }
        for name, source, category in self._unseen:
            computed[name] = _indicator(table[source], category)
        for derived in self.schema.derived:
            computed[derived.name] = _derive(derived, computed)
        return np.column_stack([computed[name] for name in self.names])

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


def _indicator_name(column: str, category: str) -> str:
    return f"{column}={category}"


def _indicator(values: Sequence[Value], category: str) -> Matrix:
    return np.array([value == category for value in values], dtype=np.float32)


def _derive(item: Derived, computed: Mapping[str, Matrix]) -> Matrix:
    first, *others = (computed[name] for name in item.of)
    with np.errstate(all="ignore"):
        result = first
        for other in others:
            result = _combine(item.operation, result, other)
    result = result.copy()
    result[~np.isfinite(result)] = np.nan
    return result


def _combine(operation: str, left: Matrix, right: Matrix) -> Matrix:
    match operation:
        case "sum":
            return left + right
        case "difference":
            return left - right
        case "product":
            return left * right
        case _:
            return left / right
