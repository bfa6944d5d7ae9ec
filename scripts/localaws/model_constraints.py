"""What of a value breaks the constraints of botocore's model: patterns, lengths, enums, what must be there."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import regex
from botocore.model import Shape


def violations(shape: Any, value: Any, path: str, answered: bool = False) -> Iterator[str]:
    """Yield every constraint of ``shape`` that ``value`` breaks, in AWS's words.

    Parameters
    ----------
    shape, value
        The model and what is held against it: parsed parameters, or a parsed answer.
    path
        Where ``value`` stands, empty at the top.
    answered
        Whether AWS says it: it answers empty lists of shapes that a request must fill.
    """
    if shape.type_name == "structure":
        yield from _structure_violations(shape, value, path, answered)
    elif shape.type_name == "list":
        if value or not answered:
            yield from _size_violations(shape, len(value), value, path, "length")
        for index, item in enumerate(value, start=1):
            yield from violations(shape.member, item, f"{path}.{index}.member", answered)
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from violations(shape.value, item, f"{path}.{key}", answered)
    elif shape.type_name == "string":
        yield from _string_violations(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _size_violations(shape, value, value, path, "value")


def _structure_violations(shape: Any, value: Mapping[str, Any], path: str, answered: bool) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(None, _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], _join(path, name), answered)


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
