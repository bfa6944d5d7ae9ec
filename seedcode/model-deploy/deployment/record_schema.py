"""Reads what a raw record is, and tells how to break one; `render` and the tests of refusals use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deployment.deployment_errors import UserError

SCHEMA_FILE = Path(__file__).parent.parent / "lambda/inference_api/record.schema.json"

Record = Mapping[str, Any]
Breaking = Callable[[Record], object]


def read_record_schema(path: Path = SCHEMA_FILE) -> dict[str, Any]:
    """Return the schema of a record.

    Raises
    ------
    UserError
        The file is missing or no JSON object.
    """
    try:
        schema = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise UserError(f"there is no {path.name}: it says what a record is") from error
    except ValueError as error:
        raise UserError(f"{path.name} is not valid JSON: {error}") from error
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise UserError(f'{path.name} must describe an object: "type": "object"')
    return schema


def ways_to_break(schema: Mapping[str, Any]) -> dict[str, Breaking]:
    """Return what makes a good record a bad one, by its name; what the schema leaves open is no fault."""
    ways: dict[str, Breaking] = {"no_object": lambda _: 5}
    if required := schema.get("required"):
        ways["without_a_column"] = lambda record: {
            name: value for name, value in record.items() if name != required[0]
        }
    if schema.get("additionalProperties") is False:
        ways["with_an_unknown_column"] = lambda record: {**record, "Shoe Size": 43}
    columns = schema.get("properties", {})
    closed = [name for name, column in columns.items() if "object" not in column.get("type", ["object"])]
    if closed:
        ways["with_a_wrong_type"] = lambda record: {**record, closed[0]: {}}
    return ways
