"""Fits a template's values to an API's parameters: names whatever their case, scalars whatever their spelling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.intrinsics import text_of


def fit(shape: Shape, value: Any, where: str) -> Any:
    """Return ``value`` as ``shape`` takes it.

    Templates write names as ``PascalCase`` where many APIs say ``camelCase``, numbers and booleans as strings,
    policies as objects where APIs want JSON text, and maps as lists of ``Key`` and ``Value`` or
    the other way round.
    """
    if isinstance(shape, StructureShape):
        return _structure(shape, value, where)
    if isinstance(shape, ListShape):
        if isinstance(value, Mapping):
            value = [{"Key": key, "Value": item} for key, item in value.items()]
        return [fit(shape.member, item, where) for item in value] if isinstance(value, list) else value
    if isinstance(shape, MapShape):
        return _map(shape, value, where)
    return _scalar(shape.type_name, value, where)


def member_of(shape: StructureShape, name: str) -> str:
    """Return the member of ``shape`` that a property name means, or an empty string."""
    if name in shape.members:
        return name
    folded = {member.lower(): member for member in shape.members}
    return str(folded.get(name.lower(), ""))


def _structure(shape: StructureShape, value: Any, where: str) -> Any:
    if getattr(shape, "is_document_type", False) or not isinstance(value, Mapping):
        return value
    fitted = {}
    for name, item in value.items():
        if item is None:
            continue
        member = member_of(shape, name)
        if not member:
            raise ResourceFailure(f"Properties validation failed: localaws does not support {where}/{name}")
        fitted[member] = fit(shape.members[member], item, f"{where}/{name}")
    return fitted


def _map(shape: MapShape, value: Any, where: str) -> Any:
    if isinstance(value, list):
        value = {item["Key"]: item["Value"] for item in value}
    if not isinstance(value, Mapping):
        return value
    return {text_of(key): fit(shape.value, item, where) for key, item in value.items() if item is not None}


def _scalar(kind: str, value: Any, where: str) -> Any:
    try:
        if kind == "string":
            return json.dumps(value) if isinstance(value, dict | list) else text_of(value)
        if kind == "boolean":
            return {"true": True, "false": False}[text_of(value).lower()]
        if kind in ("integer", "long"):
            return int(text_of(value))
        if kind in ("float", "double"):
            return float(text_of(value))
        if kind == "blob":
            return value if isinstance(value, bytes) else text_of(value).encode()
    except (KeyError, ValueError) as error:
        raise ResourceFailure(
            f"Properties validation failed: #{where}: expected type: {kind}, found: {value!r}"
        ) from error
    return value
