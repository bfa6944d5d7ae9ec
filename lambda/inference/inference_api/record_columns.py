"""Reads from a record's schema which columns the model gets; schema, formats and the stage's tests ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_SENT = "x-not-sent"
"""Says in the schema that a column is taken but kept from the model, and so from captured data."""


def sent_columns(schema: Mapping[str, Any]) -> list[str]:
    """Return the columns that the model gets, in its order."""
    return [name for name, column in schema.get("properties", {}).items() if not column.get(NOT_SENT)]


def sent_part(record: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without what is kept from the model."""
    columns = schema.get("properties", {})
    return {name: value for name, value in record.items() if not columns.get(name, {}).get(NOT_SENT)}
