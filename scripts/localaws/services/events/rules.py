"""What a rule may say: patterns with EventBridge's operators, targets that something here can reach."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.events.exceptions import InvalidEventPatternException

OPERATORS = {
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
}
NEEDS_ROLE = {"codebuild", "codepipeline", "sagemaker"}


def iso_time(value: Any = None) -> str:
    """Return an event's ``time``: now, or what a caller gave as text, date or seconds."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        value = datetime.fromtimestamp(value, UTC)
    return (value or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_pattern(text: str) -> None:
    """Refuse a pattern with an operator that EventBridge does not have; moto 5.2.5 lets it match nothing."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise InvalidEventPatternException(reason="Invalid JSON") from error
    if not isinstance(pattern, dict):
        raise InvalidEventPatternException(reason="Filter is not an object")
    _check_fields(pattern)


def _check_fields(pattern: Mapping[str, Any]) -> None:
    for name, value in pattern.items():
        if name == "$or":
            for alternative in value:
                _check_fields(alternative)
        elif isinstance(value, dict):
            _check_fields(value)
        elif isinstance(value, list):
            _check_values(value)


def _check_values(values: Sequence[Any]) -> None:
    for value in values:
        if isinstance(value, list):
            raise InvalidEventPatternException(
                reason="Match value must be String, number, true, false, or null"
            )
        if isinstance(value, dict) and (len(value) != 1 or not OPERATORS.issuperset(value)):
            raise InvalidEventPatternException(reason=f"Unrecognized match type {', '.join(value)}")


def check_targets(targets: Sequence[Mapping[str, Any]], supported: Collection[str]) -> None:
    """Refuse a target that cannot be reached, or not without a role, when it is put and not when it is needed."""
    for target in targets:
        arn = target["Arn"].split(":")
        service = arn[2] if len(arn) > 5 else ""
        if service not in supported:
            raise ServiceException(
                "ValidationException",
                f"localaws cannot deliver events to {target['Arn']} ({service or 'no ARN'}).",
            )
        if service in NEEDS_ROLE and not target.get("RoleArn"):
            raise ServiceException("ValidationException", f"RoleArn is required for target {target['Arn']}.")
        transformer = target.get("InputTransformer")
        if sum(bool(target.get(key)) for key in ("Input", "InputPath")) + bool(transformer) > 1:
            raise ServiceException(
                "ValidationException",
                f"Only one of Input, InputPath, or InputTransformer must be provided for "
                f"target {target['Id']}.",
            )
