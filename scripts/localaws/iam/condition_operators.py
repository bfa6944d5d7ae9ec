"""Evaluates a statement's Condition block against a request's context keys; a yes or no comes out.

Follows the IAM user guide's page on condition operators, set operators and ``IfExists``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localaws.iam.patterns import Context, fill, matches, matches_arn

Comparison = Callable[[str, str], bool]
_SETS = ("ForAllValues:", "ForAnyValue:")


class UnknownOperator(Exception):
    """A policy names a condition operator that IAM does not have, or this evaluator does not know."""


def holds(block: Mapping[str, Any], context: Context) -> bool:
    """Tell whether every operator and key of a Condition block is satisfied."""
    return all(
        _entry_holds(operator, key, listed(values), context)
        for operator, entry in block.items()
        for key, values in entry.items()
    )


def listed(value: Any) -> list[str]:
    """Return a JSON value of a policy, one or a list, as strings."""
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]


def _entry_holds(operator: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    given = context.get(key.lower())
    quantifier = next((each for each in _SETS if operator.startswith(each)), "")
    name = operator.removeprefix(quantifier)
    if name == "Null":
        return (given is None) == (wanted == ["true"])
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated, compare = _comparison(name)
    if not given:
        # Without a value a negated operator has nothing to contradict it, and neither has a set of all values.
        return optional or (negated and not quantifier) or quantifier == "ForAllValues:"
    filled = [each for each in (fill(value, context) for value in wanted) if each is not None]

    def fits(value: str) -> bool:
        return any(compare(pattern, value) for pattern in filled) != negated

    every = quantifier == "ForAllValues:" or (negated and not quantifier)
    return all(map(fits, given)) if every else any(map(fits, given))


def _comparison(name: str) -> tuple[bool, Comparison]:
    negated = name.replace("Not", "", 1) if "Not" in name else ""
    positive = negated or name
    if positive not in _OPERATORS:
        raise UnknownOperator(name)
    return bool(negated), _OPERATORS[positive]


def _number(compare: Callable[[float, float], bool]) -> Comparison:
    return lambda wanted, given: compare(float(given), float(wanted))


def _date(compare: Callable[[float, float], bool]) -> Comparison:
    return lambda wanted, given: compare(_seconds(given), _seconds(wanted))


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _address(wanted: str, given: str) -> bool:
    return ipaddress.ip_address(given) in ipaddress.ip_network(wanted, strict=False)


_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda given, wanted: given == wanted,
    "LessThan": lambda given, wanted: given < wanted,
    "LessThanEquals": lambda given, wanted: given <= wanted,
    "GreaterThan": lambda given, wanted: given > wanted,
    "GreaterThanEquals": lambda given, wanted: given >= wanted,
}
_OPERATORS: dict[str, Comparison] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": matches,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "BinaryEquals": lambda wanted, given: wanted == given,
    "IpAddress": _address,
    **{f"Numeric{name}": _number(compare) for name, compare in _COMPARED.items()},
    **{f"Date{name}": _date(compare) for name, compare in _COMPARED.items()},
}
