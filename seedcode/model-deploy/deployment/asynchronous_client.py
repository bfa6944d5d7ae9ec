"""Calls the stage's asynchronous endpoint as an application would: request and answer are objects in S3."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

_PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Invocation:
    """A request on its way: where the answer will be, or what went wrong."""

    output_location: str
    failure_location: str


@dataclass(frozen=True)
class Outcome:
    """What came of a request: ``content`` is the answer, or, if it ``failed``, the reason."""

    content: str
    failed: bool = False


class AsynchronousClient:
    """A client of one stage's endpoint.

    Parameters
    ----------
    runtime, s3
        boto3 clients of ``sagemaker-runtime`` and ``s3``.
    endpoint_name
        The endpoint.
    input_uri
        ``s3://bucket/prefix`` that requests are put below.
    """

    def __init__(self, runtime: Any, s3: Any, endpoint_name: str, input_uri: str) -> None:
        self._runtime = runtime
        self._s3 = s3
        self._endpoint_name = endpoint_name
        self._input_uri = input_uri.rstrip("/")

    def send(self, body: bytes, media_type: str) -> Invocation:
        """Put a request and have the endpoint work on it; the answer comes in the same media type."""
        location = f"{self._input_uri}/{uuid.uuid4()}"
        bucket, key = _split(location)
        self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=media_type)
        answer = self._runtime.invoke_endpoint_async(
            EndpointName=self._endpoint_name,
            InputLocation=location,
            ContentType=media_type,
            Accept=media_type,
        )
        return Invocation(answer["OutputLocation"], answer["FailureLocation"])

    def outcome(self, invocation: Invocation, seconds: float) -> Outcome:
        """Return what came of a request, or raise ``TimeoutError`` after so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self._read(invocation.output_location)
            if answer is not None:
                return Outcome(answer)
            reason = self._read(invocation.failure_location)
            if reason is not None:
                return Outcome(reason, failed=True)
            time.sleep(_PAUSE_SECONDS)
        raise TimeoutError(f"nothing at {invocation.output_location} after {seconds:g} seconds")

    def _read(self, location: str) -> str | None:
        bucket, key = _split(location)
        try:
            return str(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
        except self._s3.exceptions.NoSuchKey:
            return None


def _split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
