"""Tells EventBridge what has become of a stack."""

from __future__ import annotations

from localaws.runtime import runtime


def stack_changed(region: str, stack_id: str, status: str, reason: str, token: str) -> None:
    """Emit ``CloudFormation Stack Status Change``."""
    detail = {
        "stack-id": stack_id,
        "status-details": {"status": status, "status-reason": reason},
        "client-request-token": token,
    }
    runtime().emit(region, "aws.cloudformation", "CloudFormation Stack Status Change", detail, [stack_id])
