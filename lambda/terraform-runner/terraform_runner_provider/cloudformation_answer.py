"""A verdict on a request comes in; CloudFormation's presigned URL is told, and nobody logs that URL."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from terraform_runner_provider.custom_resource_request import CustomResourceRequest
from terraform_runner_provider.provider_errors import PlatformError

Send = Callable[[str, bytes], None]

_ATTEMPTS = 4
# In bytes; twice as many when every one is a quote that JSON escapes, and still under 4,096 with the ids.
_LONGEST_REASON = 1500


def answer_body(
    request: CustomResourceRequest, status: str, reason: str, physical_resource_id: str
) -> Mapping[str, Any]:
    """Return the answer as CloudFormation wants it; the reason is cut so that all stays under 4,096 bytes."""
    return {
        "Status": status,
        "Reason": _shortened(reason),
        "PhysicalResourceId": physical_resource_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
    }


def encode(body: Mapping[str, Any]) -> bytes:
    """Return the bytes that are sent; not ASCII-escaped, because escapes would count against the limit."""
    return json.dumps(body, ensure_ascii=False).encode()


def _shortened(reason: str) -> str:
    encoded = reason.encode()
    if len(encoded) <= _LONGEST_REASON:
        return reason
    return encoded[: _LONGEST_REASON - 3].decode(errors="ignore") + "…"


def send(url: str, body: bytes) -> None:
    """PUT ``body`` to the presigned ``url``, with a few retries.

    Raises
    ------
    PlatformError
        If CloudFormation could not be told.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _put(url, body)
            return
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            # The error's text may hold the URL, which is a credential: only its kind is told.
            if attempt == _ATTEMPTS:
                raise PlatformError(f"CloudFormation could not be answered: {type(error).__name__}") from None
            time.sleep(2**attempt / 4)


def _put(url: str, body: bytes) -> None:
    # The URL is signed without a content type, so an empty one must be sent.
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - the URL is CloudFormation's own
        return
