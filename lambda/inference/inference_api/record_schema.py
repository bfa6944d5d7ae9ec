"""Reads a request body into records that keep `record.schema.json`; the endpoint gets them next."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import fastjsonschema

from inference_api.api_errors import Detail, UserError
from inference_api.record_columns import sent_columns, sent_part

MAX_RECORDS = 100
MAX_DETAILS = 50
_SCHEMA_FILE = Path(__file__).with_name("record.schema.json")


class RecordSchema:
    """What one raw record is.

    Parameters
    ----------
    schema
        JSON Schema (draft 4) of an object; its ``properties`` are in the order of the model's columns.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._properties: Mapping[str, Any] = schema.get("properties", {})
        self._keeps = fastjsonschema.compile(schema)
        self._column_keeps = {
            name: fastjsonschema.compile({"$schema": schema["$schema"], **column})
            for name, column in self._properties.items()
        }

    @classmethod
    def from_file(cls, path: Path = _SCHEMA_FILE) -> RecordSchema:
        """Return the schema in a file (default: this project's)."""
        return cls(json.loads(path.read_text()))

    @property
    def sent_columns(self) -> list[str]:
        """The columns that the model gets, in its order."""
        return sent_columns(self._schema)

    def parse(self, body: str) -> list[dict[str, Any]]:
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
        faults = [fault for index, record in enumerate(records) for fault in self._faults(index, record)]
        if faults:
            raise UserError(400, "invalid_record", _summary(faults), faults[:MAX_DETAILS])
        return records

    def sent(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record without what is kept from the model."""
        return sent_part(record, self._schema)

    def _faults(self, index: int, record: Any) -> list[Detail]:
        try:
            self._keeps(record)
        except fastjsonschema.JsonSchemaValueException as error:
            return self._explain(index, record) or [
                {"record": index, "message": f"The record {_told(error)}."}
            ]
        return []

    def _explain(self, index: int, record: Any) -> list[Detail]:
        # The schema's validator stops at the first fault; a caller wants them all, each with its column.
        if not isinstance(record, dict):
            return [{"record": index, "message": "A record must be a JSON object."}]
        missing = [name for name in self._schema.get("required", ()) if name not in record]
        faults = [Detail(record=index, column=name, message=f"'{name}' is missing.") for name in missing]
        for name, value in record.items():
            message = self._column_fault(name, value)
            if message:
                faults.append(Detail(record=index, column=name, message=message))
        return faults

    def _column_fault(self, name: str, value: Any) -> str:
        if name not in self._column_keeps:
            closed = self._schema.get("additionalProperties") is False
            return f"'{name}' is not a column of a record." if closed else ""
        try:
            self._column_keeps[name](value)
        except fastjsonschema.JsonSchemaValueException as error:
            if error.rule == "type":
                return f"'{name}' must be {_expected(error.rule_definition)}, not {_json_type(value)}."
            return f"'{name}' {_told(error)}."
        return ""


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


def _told(error: fastjsonschema.JsonSchemaValueException) -> str:
    return str(error.message).removeprefix(f"{error.name} ")


def _expected(types: str | list[str]) -> str:
    return types if isinstance(types, str) else " or ".join(types)


def _json_type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _summary(faults: list[Detail]) -> str:
    first = f"Record {faults[0]['record']}: {faults[0]['message']}"
    return first if len(faults) == 1 else f"{first} {len(faults) - 1} more in the details."
