"""The outcome of a request comes in; CloudFormation is told at its presigned URL, and the request is marked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from terraform_runner.project_request import ProjectRequest, pascal_case
from terraform_runner.runner_errors import PlatformError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_LONGEST_ANSWER = 4096
# In bytes; twice as many when every one is a quote that JSON escapes, and still under 4,096 with the ids.
_LONGEST_REASON = 1500


@dataclass(frozen=True)
class Outcome:
    """How a request ended."""

    succeeded: bool
    reason: str
    outputs: Mapping[str, str] = field(default_factory=dict)


def reply_body(request: ProjectRequest, outcome: Outcome) -> bytes:
    """Return the answer, which CloudFormation wants to be at most 4,096 bytes long."""
    body: dict[str, object] = {
        "Status": "SUCCESS" if outcome.succeeded else "FAILED",
        "Reason": _shortened(outcome.reason),
        "PhysicalResourceId": request.physical_resource_id or request.project_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
        "Data": {pascal_case(name): value for name, value in outcome.outputs.items()},
    }
    encoded = json.dumps(body, ensure_ascii=False).encode()
    if len(encoded) > _LONGEST_ANSWER:
        raise PlatformError(f"The answer to CloudFormation is too long: {len(encoded)} bytes.")
    return encoded


def reply(s3: S3Client, bucket: str, request: ProjectRequest, body: bytes) -> None:
    """Send ``body`` and leave the mark that stops a second answer.

    Raises
    ------
    PlatformError
        If CloudFormation could not be told.
    """
    retry = Retry(total=5, backoff_factor=1, status_forcelist=(500, 502, 503, 504), allowed_methods=["PUT"])
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retry))
        session.mount("http://", HTTPAdapter(max_retries=retry))
        try:
            # The URL is signed without a content type, so an empty one must be sent.
            response = session.put(
                request.response_url.get_secret_value(), data=body, headers={"Content-Type": ""}, timeout=30
            )
            response.raise_for_status()
        except requests.RequestException as error:
            # The error's text holds the URL, which is a credential: only its kind is told.
            raise PlatformError(f"CloudFormation could not be answered: {type(error).__name__}") from None
    s3.put_object(Bucket=bucket, Key=request.answer_key, Body=body, ContentType="application/json")


def _shortened(reason: str) -> str:
    encoded = reason.encode()
    if len(encoded) <= _LONGEST_REASON:
        return reason
    return encoded[: _LONGEST_REASON - 3].decode(errors="ignore") + "…"
