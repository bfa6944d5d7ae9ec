"""A table of texts in, its columns' types or the table with these types out (to `operators`)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import pandas as pd

from .flow_errors import FlowError
from .tables import TEXT

SAMPLE = 1000
MOST = 0.8
"""A column is of the type that more than this share of its values has."""
PANDAS_TYPES = {"long": "Int64", "float": "Float64", "bool": "boolean", "string": TEXT, "object": TEXT}
BLANK = re.compile(r"\s*|(null|none|nil|na|nan).*", re.IGNORECASE)


def infer(table: pd.DataFrame) -> dict[str, str]:
    """Return each column's type, by its first values; dates are told as texts."""
    return {name: _infer(table[name].head(SAMPLE)) for name in table.columns}


def _infer(column: pd.Series[str]) -> str:
    values = [None if pd.isna(value) else str(value) for value in column]
    known = [value for value in values if value is not None and not BLANK.fullmatch(value)]
    numbers = [found for value in known if (found := number(value)) is not None]
    if not known:
        return "string"
    if len(numbers) > MOST * len(values):
        whole = sum(1 for each in numbers if each.is_integer())
        return "long" if whole > MOST * len(numbers) else "float"
    booleans = sum(1 for value in known if value.lower() in ("true", "false"))
    return "bool" if booleans > MOST * len(values) else "string"


def cast(table: pd.DataFrame, schema: Mapping[str, str]) -> pd.DataFrame:
    """Return the table with the types of a schema, which names all columns; what is none of its type is missing."""
    if sorted(schema) != sorted(table.columns):
        wanted, there = ", ".join(schema), ", ".join(table.columns)
        raise FlowError(f"the trained schema has the columns {wanted}, but the data {there}")
    if unknown := {name: kind for name, kind in schema.items() if kind not in PANDAS_TYPES}:
        named = ", ".join(f"{kind} ({name})" for name, kind in unknown.items())
        raise FlowError(f"localaws does not support the type {named}")
    return pd.DataFrame({name: _cast(table[name], kind) for name, kind in schema.items()})


def _cast(column: pd.Series[str], kind: str) -> pd.Series[str]:
    found = [None if pd.isna(value) else _value(str(value), kind) for value in column]
    return pd.Series(found, index=column.index, dtype=PANDAS_TYPES[kind])


def _value(text: str, kind: str) -> float | int | bool | str | None:
    if kind == "bool":
        return {"true": True, "false": False}.get(text.strip().lower())
    if kind not in ("long", "float"):
        return text
    value = number(text)
    return int(value) if value is not None and kind == "long" else value


def number(text: str) -> float | None:
    """Return the number that a text is."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def most_frequent(values: Iterable[str]) -> str | None:
    """Return the value that is there most often; of several, the first by name."""
    counts = pd.Series(list(values), dtype=TEXT).value_counts()
    return min(counts.index[counts == counts.max()]) if len(counts) else None
