"""A template's Rules: parameter values come in, a failed assertion goes out as a validation error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localaws.services.cloudformation.errors import ValidationError
from localaws.services.cloudformation.intrinsics import normalised


def check_rules(rules: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise ``ValidationError`` with the description of the first assertion that does not hold."""
    for name, rule in rules.items():
        if "RuleCondition" in rule and not _holds(rule["RuleCondition"], values):
            continue
        for assertion in rule.get("Assertions", []):
            if not _holds(assertion["Assert"], values):
                said = assertion.get("AssertDescription", "assertion failed")
                raise ValidationError(f"Template validation error: Rule {name}: {said}")


def _holds(expression: Any, values: Mapping[str, Any]) -> bool:
    return bool(_value(expression, values))


def _value(expression: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(expression, list):
        return [_value(item, values) for item in expression]
    if not isinstance(expression, dict):
        return normalised(expression)
    if len(expression) != 1:
        raise ValidationError(f"Template format error: unsupported rule expression {expression}")
    ((name, argument),) = expression.items()
    if name == "Ref":
        if argument not in values:
            raise ValidationError(
                f"Template format error: rules can refer to parameters only, not to {argument}"
            )
        return normalised(values[argument])
    if name not in _FUNCTIONS:
        raise ValidationError(f"Template format error: localaws does not support the rule function {name}")
    return _FUNCTIONS[name](_value(argument, values))


def _all_in(items: list[Any], allowed: list[Any]) -> bool:
    return all(item in allowed for item in items)


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Fn::And": all,
    "Fn::Or": any,
    "Fn::Not": lambda items: not items[0],
    "Fn::Equals": lambda pair: pair[0] == pair[1],
    "Fn::Contains": lambda pair: pair[1] in pair[0],
    "Fn::EachMemberEquals": lambda pair: all(item == pair[1] for item in pair[0]),
    "Fn::EachMemberIn": lambda pair: _all_in(*pair),
}
