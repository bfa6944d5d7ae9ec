"""What strict mode found since the process began, or since a test cleared the list."""

from __future__ import annotations

from collections.abc import Sequence

violations: list[str] = []


class ModelViolation(Exception):
    """An answer of ours that botocore's model does not allow."""


def violated(service: str, operation: str, faults: Sequence[str]) -> None:
    """Keep the faults of an answer and raise ModelViolation, if there are any."""
    if faults:
        violations.extend(f"{service} {operation}: {fault}" for fault in faults)
        raise ModelViolation(f"the answer breaks the model of {service} {operation}: {'; '.join(faults)}")
