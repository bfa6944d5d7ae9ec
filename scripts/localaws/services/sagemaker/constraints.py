"""Checks a request against botocore's model as SageMaker's front door does; the operations then trust their input."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import regex
from botocore.model import Shape
from moto.core.utils import get_service_model
from moto.sagemaker.exceptions import ValidationError

from localaws.operations import Operation, Request


def checked(name: str, operation: Operation) -> Operation:
    """Return ``operation`` preceded by the check of its parameters."""

    @functools.wraps(operation)
    def check_first(request: Request) -> Mapping[str, Any] | None:
        refuse_invalid(get_service_model("sagemaker").operation_model(name).input_shape, request.params)
        return operation(request)

    return check_first


def refuse_invalid(shape: Shape | None, params: Mapping[str, Any]) -> None:
    """Raise ValidationException with every constraint of ``shape`` that ``params`` break, in AWS's words."""
    if shape is None:
        return
    found = list(_violations(shape, params, ""))
    if found:
        plural = "error" if len(found) == 1 else "errors"
        raise ValidationError(f"{len(found)} validation {plural} detected: {'; '.join(found)}")


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure_violations(shape, value, path)
    elif shape.type_name == "list":
        yield from _size_violations(shape, len(value), value, path, "length")
        for index, item in enumerate(value, start=1):
            yield from _violations(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _violations(shape.value, item, f"{path}.{key}")
    elif shape.type_name == "string":
        yield from _string_violations(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _size_violations(shape, value, value, path, "value")


def _structure_violations(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(None, _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _violations(member, value[name], _join(path, name))


def _string_violations(shape: Shape, value: str, path: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _violation(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    yield from _size_violations(shape, len(value), value, path, "length")


def _size_violations(shape: Shape, size: float, value: Any, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _violation(value, path, f"Member must have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _violation(value, path, f"Member must have {what} less than or equal to {most}")


@functools.cache
def compiled(pattern: str) -> regex.Pattern[str]:
    """Return a pattern of the model, which is Java's: Unicode classes, surrogate pairs, and ``$`` with a count."""
    translated = re.sub(r"\$\{\d+,\d+\}", "$", pattern)
    translated = translated.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    return regex.compile(translated, regex.DOTALL | regex.VERSION0)


def _violation(value: Any, path: str, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _join(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member
