"""Requests that policies do not allow are denied in each service's own shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.localaws.iam.conftest import Person, allow

Client = Callable[..., Any]


def test_a_reader_of_one_bucket_is_denied_another(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    s3 = client(owner, "s3")
    for bucket in ("open", "closed"):
        s3.create_bucket(Bucket=f"{bucket}-things")
        s3.put_object(Bucket=f"{bucket}-things", Key="a/b c.txt", Body=b"hello")
    reader = client(person("Reader", allow("s3:GetObject", "arn:aws:s3:::open-things/a/*")), "s3")
    assert reader.get_object(Bucket="open-things", Key="a/b c.txt")["Body"].read() == b"hello"
    with pytest.raises(ClientError) as denied:
        reader.get_object(Bucket="closed-things", Key="a/b c.txt")
    assert denied.value.response["Error"]["Code"] == "AccessDenied"
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert denied.value.response["Error"]["Message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/Reader/someone is not authorized to perform: s3:GetObject"
        ' on resource: "arn:aws:s3:::closed-things/a/b c.txt" because no identity-based policy allows the'
        " s3:GetObject action"
    )
