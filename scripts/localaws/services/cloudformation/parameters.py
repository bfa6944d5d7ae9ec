"""A template's parameters: declarations and given values come in, checked values ready to refer to go out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.services.cloudformation.errors import ValidationError

_SSM_PREFIX = "AWS::SSM::Parameter::"
_SCALARS = ("String", "Number")
_NOECHO = "****"


@dataclass(frozen=True)
class Parameter:
    """One entry of a template's Parameters."""

    name: str
    type: str
    default: str | None
    description: str
    no_echo: bool
    constraint_description: str
    allowed_pattern: str
    allowed_values: tuple[str, ...]
    min_length: int | None
    max_length: int | None
    min_value: float | None
    max_value: float | None

    @property
    def is_list(self) -> bool:
        """Whether ``Ref`` gives a list."""
        inner = self.type.removeprefix(f"{_SSM_PREFIX}Value<")
        return inner.startswith(("List<", "CommaDelimitedList"))

    @property
    def is_ssm_value(self) -> bool:
        """Whether the given value is the name of an SSM parameter whose value counts."""
        return self.type.startswith(f"{_SSM_PREFIX}Value<")

    def shown(self, value: str) -> str:
        """Return ``value`` as API answers show it."""
        return _NOECHO if self.no_echo else value


def parse_parameter(name: str, entry: Any) -> Parameter:
    """Return the declaration of parameter ``name``."""
    if not isinstance(entry, dict) or "Type" not in entry:
        raise ValidationError(f"Template format error: Parameter {name} must have a Type member")
    kind = str(entry["Type"])
    known = kind in (*_SCALARS, "CommaDelimitedList") or kind.startswith(("List<", "AWS::"))
    if not known:
        raise ValidationError(f"Template format error: Unrecognized parameter type: {kind}")
    default = entry.get("Default")
    return Parameter(
        name=name,
        type=kind,
        default=None if default is None else _text(default),
        description=str(entry.get("Description", "")),
        no_echo=_text(entry.get("NoEcho", False)) == "true",
        constraint_description=str(entry.get("ConstraintDescription", "")),
        allowed_pattern=str(entry.get("AllowedPattern", "")),
        allowed_values=tuple(_text(value) for value in entry.get("AllowedValues", [])),
        min_length=_number(entry.get("MinLength"), int),
        max_length=_number(entry.get("MaxLength"), int),
        min_value=_number(entry.get("MinValue"), float),
        max_value=_number(entry.get("MaxValue"), float),
    )


def parameter_texts(
    declared: Mapping[str, Parameter], given: Sequence[Mapping[str, Any]], previous: Mapping[str, str]
) -> dict[str, str]:
    """Return every parameter's text from the API's ``Parameters``, earlier values and defaults.

    Parameters
    ----------
    declared
        The template's parameters.
    given
        ``ParameterKey`` with ``ParameterValue`` or ``UsePreviousValue``.
    previous
        The stack's present texts; empty for a new stack.
    """
    texts: dict[str, str] = {}
    unknown = sorted({str(item["ParameterKey"]) for item in given} - set(declared))
    if unknown:
        raise ValidationError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for item in given:
        name = str(item["ParameterKey"])
        if item.get("UsePreviousValue"):
            if name not in previous:
                raise ValidationError(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            texts[name] = previous[name]
        else:
            texts[name] = str(item.get("ParameterValue", ""))
    for name, parameter in declared.items():
        if name not in texts and parameter.default is not None:
            texts[name] = parameter.default
    missing = sorted(set(declared) - set(texts))
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    for name, text in texts.items():
        _check(declared[name], text)
    return texts


def parameter_values(
    declared: Mapping[str, Parameter], texts: Mapping[str, str], ssm_value: Callable[[str], str]
) -> dict[str, Any]:
    """Return what ``Ref`` gives for each parameter; ``ssm_value`` reads an SSM parameter by name."""
    values: dict[str, Any] = {}
    for name, text in texts.items():
        parameter = declared[name]
        resolved = ssm_value(text) if parameter.is_ssm_value else text
        values[name] = _items(resolved) if parameter.is_list else resolved
    return values


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def _check(parameter: Parameter, text: str) -> None:
    # A list's elements are checked one by one, as the whole text is for the other types.
    for item in _items(text) if parameter.is_list else [text]:
        problem = _problem(parameter, item)
        if problem and parameter.constraint_description:
            raise ValidationError(
                f"Parameter {parameter.name} failed to satisfy constraint: {parameter.constraint_description}"
            )
        if problem:
            raise ValidationError(f"Parameter '{parameter.name}' must {problem}")


def _problem(parameter: Parameter, text: str) -> str:
    if parameter.allowed_values and text not in parameter.allowed_values:
        return f"be one of AllowedValues [{', '.join(parameter.allowed_values)}]"
    if parameter.allowed_pattern and not re.fullmatch(parameter.allowed_pattern, text):
        return f"match pattern {parameter.allowed_pattern}"
    if parameter.min_length is not None and len(text) < parameter.min_length:
        return f"contain at least {parameter.min_length} characters"
    if parameter.max_length is not None and len(text) > parameter.max_length:
        return f"contain at most {parameter.max_length} characters"
    if parameter.type in ("Number", "List<Number>"):
        return _number_problem(parameter, text)
    return ""


def _number_problem(parameter: Parameter, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return "be a number"
    if parameter.min_value is not None and number < parameter.min_value:
        return f"be a number not less than {parameter.min_value:g}"
    if parameter.max_value is not None and number > parameter.max_value:
        return f"be a number not greater than {parameter.max_value:g}"
    return ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(value: Any, kind: Callable[[Any], Any]) -> Any:
    return None if value is None else kind(value)
