"""Reads a request body into records that keep `customer.schema.json`; the endpoint gets them next."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import fastjsonschema

from inference_api.api_errors import Detail, UserError

MAX_RECORDS = 100
MAX_DETAILS = 50

_SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("customer.schema.json").read_text())
_KEEPS_SCHEMA = fastjsonschema.compile(_SCHEMA)
_COLUMNS = {
    name: fastjsonschema.compile({"$schema": _SCHEMA["$schema"], **column})
    for name, column in _SCHEMA["properties"].items()
}


def parse_records(body: str) -> list[dict[str, Any]]:
    """Return the records in a request body.

    Parameters
    ----------
    body
        JSON text: one record, or a list of 1 to 100.

    Raises
    ------
    UserError
        The text is not JSON, has too few or too many records, or breaks the schema; every fault that was
        found is in the details, the first ``MAX_DETAILS`` of them.
    """
    content = _parse_json(body)
    records = content if isinstance(content, list) else [content]
    if not 1 <= len(records) <= MAX_RECORDS:
        raise UserError(
            400,
            "invalid_request",
            f"Send one record or a list of 1 to {MAX_RECORDS}; this list has {len(records)}.",
        )
    faults = [fault for index, record in enumerate(records) for fault in _faults(index, record)]
    if faults:
        raise UserError(400, "invalid_record", _summary(faults), faults[:MAX_DETAILS])
    return records


def _parse_json(body: str) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_number, parse_float=_parse_float)
    except (ValueError, RecursionError) as error:
        raise UserError(400, "invalid_json", f"The body is not valid JSON: {error}.") from error


def _parse_float(text: str) -> float:
    # JSON has no infinity, but 1e999 becomes one, and would leave again as text that is not JSON.
    number = float(text)
    if not math.isfinite(number):
        _refuse_number(text)
    return number


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number that JSON can carry")


def _faults(index: int, record: Any) -> list[Detail]:
    try:
        _KEEPS_SCHEMA(record)
    except fastjsonschema.JsonSchemaValueException as error:
        return _explain(index, record) or [{"record": index, "message": f"The record is invalid: {error}."}]
    return []


def _explain(index: int, record: Any) -> list[Detail]:
    # The schema's validator stops at the first fault; a caller wants them all, each with its column.
    if not isinstance(record, dict):
        return [{"record": index, "message": "A record must be a JSON object."}]
    missing = [name for name in _SCHEMA["required"] if name not in record]
    faults = [Detail(record=index, column=name, message=f"'{name}' is missing.") for name in missing]
    for name, value in record.items():
        message = _column_fault(name, value)
        if message:
            faults.append(Detail(record=index, column=name, message=message))
    return faults


def _column_fault(name: str, value: Any) -> str:
    if name not in _COLUMNS:
        return f"'{name}' is not a column of a customer record."
    try:
        _COLUMNS[name](value)
    except fastjsonschema.JsonSchemaValueException:
        return f"'{name}' must be {_expected(_SCHEMA['properties'][name])}, not {_json_type(value)}."
    return ""


def _expected(column: Mapping[str, Any]) -> str:
    types = column["type"] if isinstance(column["type"], list) else [column["type"]]
    return " or ".join(types)


def _json_type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _summary(faults: list[Detail]) -> str:
    first = f"Record {faults[0]['record']}: {faults[0]['message']}"
    return first if len(faults) == 1 else f"{first} {len(faults) - 1} more in the details."
