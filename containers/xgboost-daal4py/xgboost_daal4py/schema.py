"""The input schema of a model: which columns a raw record has and what is derived from them; `records` checks by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from xgboost_daal4py.errors import UserError

Kind = Literal["number", "category", "code", "ignored"]
"""``category``: a string; ``code``: a string or a whole number; ``ignored``: allowed in a record, never looked at."""
Operation = Literal["sum", "difference", "product", "ratio"]


@dataclass(frozen=True)
class Column:
    """A column of the raw record."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Derived:
    """A feature computed from earlier features, named as the transform names them (``Int'l Plan=yes``)."""

    name: str
    operation: Operation
    of: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """Everything that is decided before data is seen."""

    columns: tuple[Column, ...]
    derived: tuple[Derived, ...] = ()
    excluded: tuple[str, ...] = ()
    """Features that others are derived from but the model does not see; the name of a category excludes all of it."""

    @cached_property
    def required(self) -> tuple[Column, ...]:
        """The columns that every record must have."""
        return tuple(column for column in self.columns if column.kind != "ignored")

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns that a record may have."""
        return frozenset(column.name for column in self.columns)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Schema:
        """Build a schema from plain data (TOML, JSON); what is wrong in it is named.

        Raises
        ------
        UserError
            When a key is missing, a kind or operation unknown, or a name used twice.
        """
        try:
            schema = cls(
                columns=tuple(_column(item) for item in document["columns"]),
                derived=tuple(_derived(item) for item in document.get("derived", ())),
                excluded=tuple(str(name) for name in document.get("excluded", ())),
            )
        except (KeyError, TypeError) as error:
            raise UserError(f"the schema is incomplete: {error}") from error
        _refuse_duplicates(
            [column.name for column in schema.columns] + [item.name for item in schema.derived]
        )
        return schema

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back."""
        return {
            "columns": [{"name": column.name, "kind": column.kind} for column in self.columns],
            "derived": [
                {"name": item.name, "operation": item.operation, "of": list(item.of)} for item in self.derived
            ],
            "excluded": list(self.excluded),
        }


def _column(item: Mapping[str, Any]) -> Column:
    if item["kind"] not in get_args(Kind):
        raise UserError(
            f"column {item['name']!r}: unknown kind {item['kind']!r}, use one of {get_args(Kind)}"
        )
    return Column(str(item["name"]), item["kind"])


def _derived(item: Mapping[str, Any]) -> Derived:
    name, operation, of = str(item["name"]), item["operation"], tuple(str(part) for part in item["of"])
    if operation not in get_args(Operation):
        raise UserError(
            f"derived feature {name!r}: unknown operation {operation!r}, use one of {get_args(Operation)}"
        )
    if len(of) < 2 or (operation in ("difference", "ratio") and len(of) != 2):
        raise UserError(f"derived feature {name!r}: {operation} cannot be computed of {len(of)} feature(s)")
    return Derived(name, operation, of)


def _refuse_duplicates(names: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            raise UserError(f"the schema names {name!r} twice")
