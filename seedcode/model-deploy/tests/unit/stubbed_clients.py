"""boto3 clients that reach nothing, for botocore's Stubber, and the names that the unit tests use."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3

GROUP = "sagemaker-churn-p-1"
PACKAGE = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/7"


@cache
def session() -> boto3.Session:
    """Return a session with credentials that no AWS account knows."""
    return boto3.Session("AKIATESTING", "testing", "token", "eu-west-1")


@cache
def client(service: str) -> Any:
    """Return a client of ``service``, made once: reading its API model takes longer than a test."""
    return session().client(service)  # type: ignore[call-overload]
