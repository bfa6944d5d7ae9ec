"""Finds in what a handler answers the members that its operation does not have, which serialisers drop in silence."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape

from localaws.api_calls import service_model
from localaws.settings import HostSettings
from localaws.strict.violations import violated


def check_result(service: str, operation: str, result: Any) -> None:
    """Raise ModelViolation for a misspelt or surplus member, in strict mode."""
    if _is_on():
        shape = service_model(service).operation_model(operation).output_shape
        violated(service, operation, list(_surplus(shape, result, operation)))


@functools.cache
def _is_on() -> bool:
    return HostSettings().strict


def _surplus(shape: Shape | None, value: Any, where: str) -> Iterator[str]:
    kind = shape.type_name if shape is not None else "structure"
    if kind == "structure" and isinstance(value, Mapping) and not getattr(shape, "is_document_type", False):
        members = shape.members if shape is not None else {}  # type: ignore[attr-defined]
        for name in sorted(set(value) - set(members)):
            yield f"{where} has no member {name}"
        for name in members.keys() & value.keys():
            yield from _surplus(members[name], value[name], f"{where} > {name}")
    elif kind == "list" and isinstance(value, list | tuple):
        for item in value:
            yield from _surplus(shape.member, item, where)  # type: ignore[union-attr]
    elif kind == "map" and isinstance(value, Mapping):
        for item in value.values():
            yield from _surplus(shape.value, item, where)  # type: ignore[union-attr]
