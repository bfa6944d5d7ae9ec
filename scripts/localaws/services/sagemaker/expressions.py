"""Resolves what a pipeline definition leaves open: parameters, step properties, joins, JSON values, conditions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

REFERENCE_KEYS = ("Get", "Std:Join", "Std:JsonGet")
LIST_KEYS = ("OutputName", "InputName", "ChannelName", "MetricName")
TOKEN = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
CONDITION_TYPES = (*COMPARISONS, "In", "Not", "Or", "And")


class ExpressionError(Exception):
    """A value that the definition refers to is not there, or not of a kind that it can be used as."""


class Scope(Protocol):
    """Where values come from while an execution runs."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of ``Parameters.*``."""

    @property
    def execution(self) -> Mapping[str, Any]:
        """The values of ``Execution.*``."""

    def properties(self, step: str) -> Mapping[str, Any]:
        """Return what the step's job answers to Describe."""

    def property_file(self, step: str, name: str) -> Any:
        """Return the parsed JSON of a step's property file."""

    def json_object(self, uri: str) -> Any:
        """Return the parsed JSON of an S3 object."""


def is_expression(value: Any) -> bool:
    """Tell whether ``value`` stands for another one."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in REFERENCE_KEYS


def references(value: Any) -> Iterator[str]:
    """Yield the ``Get`` references anywhere in ``value``."""
    if isinstance(value, Mapping):
        if is_expression(value) and "Get" in value:
            yield str(value["Get"])
            return
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def tokens(path: str) -> list[str | int]:
    """Return the steps of ``a.b['c'][0]``."""
    found: list[str | int] = []
    position = 0
    while position < len(path):
        match = TOKEN.match(path, position)
        if match is None:
            raise ExpressionError(f"cannot read the path {path}")
        name, index, single, double = match.groups()
        found.append(
            int(index) if index is not None else next(t for t in (name, single, double) if t is not None)
        )
        position = match.end()
    return found


def resolve(value: Any, scope: Scope) -> Any:
    """Return ``value`` with every expression in it replaced by what it stands for."""
    if is_expression(value):
        kind, content = next(iter(value.items()))
        if kind == "Get":
            return _got(content, scope)
        return _joined(content, scope) if kind == "Std:Join" else _from_json(content, scope)
    if isinstance(value, Mapping):
        return {key: resolve(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    return value


def holds(condition: Mapping[str, Any], scope: Scope) -> bool:
    """Tell whether a condition is true."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Expression"], scope)
    if kind == "Or":
        return any(holds(item, scope) for item in condition["Conditions"])
    if kind == "And":
        return all(holds(item, scope) for item in condition["Conditions"])
    if kind == "In":
        return resolve(condition["QueryValue"], scope) in resolve(condition["Values"], scope)
    left, right = resolve(condition["LeftValue"], scope), resolve(condition["RightValue"], scope)
    try:
        return COMPARISONS[kind](left, right)
    except TypeError as error:
        raise ExpressionError(f"cannot compare {left!r} with {right!r} ({kind})") from error


def walk(value: Any, path: list[str | int], shown: str) -> Any:
    """Follow ``path`` into ``value``; a list of named items may be entered by name."""
    for token in path:
        if isinstance(value, list) and isinstance(token, str):
            value = {item.get(key): item for item in value for key in LIST_KEYS if key in item}
        try:
            value = value[token]
        except (KeyError, IndexError, TypeError) as error:
            raise ExpressionError(f"{shown} does not exist") from error
    return value


def _got(reference: str, scope: Scope) -> Any:
    root, *path = tokens(reference)
    if root == "Parameters":
        return walk(scope.parameters, path, reference)
    if root == "Execution":
        return walk(scope.execution, path, reference)
    step, *rest = path
    return walk(scope.properties(str(step)), rest, reference)


def _joined(content: Mapping[str, Any], scope: Scope) -> str:
    return str(content.get("On", "")).join(_text(resolve(item, scope)) for item in content["Values"])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _from_json(content: Mapping[str, Any], scope: Scope) -> Any:
    path = str(content["Path"]).removeprefix("$").lstrip(".")
    if "PropertyFile" in content:
        _, step, _, name = tokens(content["PropertyFile"]["Get"])
        document = scope.property_file(str(step), str(name))
    else:
        document = scope.json_object(resolve(content["S3Uri"], scope))
    return walk(document, tokens(path), f"{path} (JsonGet)")
