"""Repairs S3 bucket policies: moto 5.2.5 denies every object when a Deny statement's condition does not hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

# Whatever reaches localaws stands for a request over TLS: the proxy ends it, and a plain endpoint replaces it.
_KNOWN = {"aws:securetransport": "true"}


def install() -> None:
    """Evaluate the conditions of bucket policies before moto decides by the statements."""
    setattr(FakeBucket, "get_permission", _permission)  # noqa: B010 - mypy refuses to assign a method


def applicable(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the statements of a policy whose conditions hold.

    A condition on anything but ``aws:SecureTransport`` cannot be told here: its statement is left out.
    """
    statements = policy.get("Statement", [])
    if isinstance(statements, Mapping):
        statements = [statements]
    return [
        {name: value for name, value in statement.items() if name != "Condition"}
        for statement in statements
        if _holds(statement.get("Condition") or {})
    ]


def _permission(bucket: FakeBucket, action: str, resource: str) -> Any:
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    statements = applicable(json.loads(bucket.policy))
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return IAMPolicy(document).is_action_permitted(action, resource)


def _holds(conditions: Mapping[str, Any]) -> bool:
    return all(
        operator in ("Bool", "BoolIfExists") and _KNOWN.get(key.lower()) == _text(value)
        for operator, entry in conditions.items()
        for key, value in entry.items()
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else ""
    return str(value).lower()
