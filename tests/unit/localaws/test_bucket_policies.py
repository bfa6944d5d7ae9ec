"""A bucket policy's conditions decide before its statements do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws
from localaws.services.s3 import applicable


def deny(condition: dict[str, Any] | None) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::kept", "arn:aws:s3:::kept/*"],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [statement | ({"Condition": condition} if condition else {})],
    }


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        (None, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": ["true"]}}, True),
        ({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}, False),
    ],
)
def test_a_statement_counts_only_when_its_condition_holds(
    condition: dict[str, Any] | None, applies: bool
) -> None:
    assert bool(applicable(deny(condition))) is applies


def test_a_bucket_that_demands_tls_takes_objects_and_one_that_denies_all_does_not(localaws: LocalAws) -> None:
    s3 = localaws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_policy(Bucket="kept", Policy=json.dumps(deny({"Bool": {"aws:SecureTransport": "false"}})))
    s3.put_object(Bucket="kept", Key="x", Body=b"x")
    s3.put_bucket_policy(Bucket="kept", Policy=json.dumps(deny(None)))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="kept", Key="y", Body=b"y")
