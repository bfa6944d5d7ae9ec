"""Sends SageMaker's state-change events to EventBridge, with times written as each event type writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localaws.runtime import runtime
from localaws.services.sagemaker.resources import Region


def iso(moment: datetime) -> str:
    """Write a time as pipelines and model packages do in their events."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(moment: datetime) -> int:
    """Write a time as jobs and endpoints do in their events."""
    return int(moment.timestamp() * 1000)


def send(
    region: Region,
    detail_type: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
    moment: Callable[[datetime], Any] = milliseconds,
) -> None:
    """Emit one event of ``aws.sagemaker``."""
    runtime().emit(region.name, "aws.sagemaker", detail_type, _plain(detail, moment), resources)


def _plain(value: Any, moment: Callable[[datetime], Any]) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Mapping):
        return {key: _plain(item, moment) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item, moment) for item in value]
    return value
