"""Several accounts: each root has a key, resources are apart, and what is another's needs both sides' leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws.accounts import SERVICE_ACCESS_KEY, account_of, owner, root_key, root_of
from localaws.iam.resource_policies import is_foreign

REGION = "us-east-1"
HOME, OTHER = "123456789012", "444455556666"


@pytest.fixture
def neighbour() -> boto3.Session:
    """The root of another account."""
    return boto3.Session(root_key(OTHER), "localaws", region_name=REGION)


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def test_the_key_of_an_account_s_root_is_made_of_its_number() -> None:
    assert root_of(root_key(OTHER)) == OTHER == account_of(root_key(OTHER))
    assert root_of(SERVICE_ACCESS_KEY) == HOME == root_of(root_key())
    assert root_of("AKIAIOSFODNN7EXAMPLE") == ""


def test_an_account_is_read_from_an_arn_that_has_one() -> None:
    assert owner(f"arn:aws:iam::{OTHER}:role/r") == OTHER
    assert owner("arn:aws:s3:::things") == owner("things") == ""


def test_what_services_and_aws_s_own_accounts_touch_is_nobody_s_in_particular() -> None:
    role = f"arn:aws:iam::{OTHER}:role/r"
    assert is_foreign(HOME, role)
    assert not is_foreign("", role)
    assert not is_foreign("000000000001", role)
    assert not is_foreign(HOME, "arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_accounts_do_not_see_each_other_s_resources(
    owner: boto3.Session, neighbour: boto3.Session, client: Callable[..., Any]
) -> None:
    client(neighbour, "sns").create_topic(Name="theirs")
    assert client(owner, "sns").list_topics()["Topics"] == []
    assert client(neighbour, "sts").get_caller_identity()["Account"] == OTHER


def test_a_role_of_another_account_is_taken_on_when_both_sides_say_so(
    neighbour: boto3.Session, client: Callable[..., Any], person: Callable[..., boto3.Session]
) -> None:
    trust = document(
        allow("sts:AssumeRole")
        | {
            "Principal": {"AWS": f"arn:aws:iam::{HOME}:root"},
            "Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/Visitor"}},
        }
    ).replace('"Resource": "*", ', "")
    role = client(neighbour, "iam").create_role(RoleName="Host", AssumeRolePolicyDocument=trust)["Role"][
        "Arn"
    ]

    def visit(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
        sts = client(person(name, *statements), "sts")
        return dict(sts.assume_role(RoleArn=role, RoleSessionName="visit")["AssumedRoleUser"])

    assert visit("Visitor", allow("sts:AssumeRole", role))["Arn"].startswith(
        f"arn:aws:sts::{OTHER}:assumed-role/Host"
    )
    with pytest.raises(ClientError, match="no resource-based policy"):
        visit("Stranger", allow("sts:AssumeRole", role))


def test_a_key_that_is_named_by_its_alias_is_decided_on_as_the_key(
    owner: boto3.Session, client: Callable[..., Any], person: Callable[..., boto3.Session]
) -> None:
    kms = client(owner, "kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/stages", TargetKeyId=key)
    looker = client(person("Looker", allow("kms:DescribeKey", key)), "kms")
    assert looker.describe_key(KeyId="alias/stages")["KeyMetadata"]["Arn"] == key
    with pytest.raises(ClientError, match="is not authorized to perform: kms:DescribeKey"):
        client(person("Passer"), "kms").describe_key(KeyId="alias/stages")


def test_another_account_s_bucket_needs_its_policy_and_one_s_own(
    neighbour: boto3.Session, client: Callable[..., Any], person: Callable[..., boto3.Session]
) -> None:
    s3 = client(neighbour, "s3")
    s3.create_bucket(Bucket="theirs")
    s3.put_object(Bucket="theirs", Key="a", Body=b"hello")
    reads = allow("s3:GetObject", "arn:aws:s3:::theirs/*")
    reader, idler = client(person("Reader", reads), "s3"), client(person("Idler"), "s3")

    with pytest.raises(ClientError, match="no resource-based policy"):
        reader.get_object(Bucket="theirs", Key="a")
    s3.put_bucket_policy(
        Bucket="theirs", Policy=document(reads | {"Principal": {"AWS": f"arn:aws:iam::{HOME}:root"}})
    )
    assert reader.get_object(Bucket="theirs", Key="a")["Body"].read() == b"hello"
    with pytest.raises(ClientError, match="no identity-based policy"):
        idler.get_object(Bucket="theirs", Key="a")
