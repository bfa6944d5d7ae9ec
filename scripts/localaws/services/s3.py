"""Repairs S3: in moto 5.2.5 a Deny statement denies every object though its condition does not hold, what moto lacks
of a bucket (its request payment ...) is answered with a list of its objects, and an object with a delete marker cannot
be deleted once versioning is suspended.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.s3.responses import S3Response

# Whatever reaches localaws stands for a request over TLS: the proxy ends it, and a plain endpoint replaces it.
_KNOWN = {"aws:securetransport": "true"}


_bucket_get = S3Response._bucket_response_get


def install() -> None:
    """Evaluate the conditions of bucket policies before moto decides, and list only what is to be listed."""
    for moto_class, name, function in (
        (FakeBucket, "get_permission", _permission),
        (S3Response, "_bucket_response_get", _get_of_bucket),
        (FakeDeleteMarker, "dispose", _nothing_to_dispose_of),
    ):
        setattr(moto_class, name, function)


def _nothing_to_dispose_of(marker: FakeDeleteMarker) -> None:
    """Let a marker go as an object goes; it keeps no file."""


def _get_of_bucket(response: S3Response, bucket_name: str, querystring: dict[str, Any]) -> Any:
    if "requestPayment" in querystring:
        response.backend.head_bucket(bucket_name)
        return response.serialized(ActionResult({"Payer": "BucketOwner"}))
    answer = _bucket_get(response, bucket_name, querystring)
    asked = _subresources() & set(querystring)
    if asked and isinstance(answer, tuple) and "<ListBucketResult" in str(answer[-1]):
        raise NotImplementedError(f"s3 has no {', '.join(sorted(asked))} of buckets")
    return answer


@functools.cache
def _subresources() -> frozenset[str]:
    """Return what can be asked of a bucket besides its objects."""
    model = get_service_model("s3")
    operations = [model.operation_model(name) for name in model.operation_names]
    paths = [operation.http["requestUri"] for operation in operations if operation.http["method"] == "GET"]
    asked = {query for path, _, query in (path.partition("?") for path in paths) if path == "/{Bucket}"}
    return frozenset(query.split("&")[0] for query in asked if query and not query.startswith("list-type"))


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
