"""EventBridge: events of services and users, matched by the rules' patterns, delivered to their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def publish(
    account_id: str,
    region: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str],
) -> None:
    """Put a service's own event on the default bus and deliver it."""


def install() -> None:
    """Replace moto's delivery."""
