"""What policies may ask of whoever calls: names, tags, sessions and boundaries."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.localaws.iam.conftest import ACCOUNT, REGION, allow

Client = Callable[..., Any]
HOMES = "arn:aws:s3:::homes"


@pytest.fixture
def homes(owner: boto3.Session, client: Client) -> None:
    """Put an object into two homes."""
    s3 = client(owner, "s3")
    s3.create_bucket(Bucket="homes")
    for name in ("ann", "bob"):
        s3.put_object(Bucket="homes", Key=f"{name}/letter", Body=b"dear")


@pytest.fixture
def user(owner: boto3.Session, client: Client) -> Callable[..., boto3.Session]:
    """Make a user with one policy, and return a session of theirs."""

    def make(name: str, *statements: dict[str, Any], **settings: Any) -> boto3.Session:
        iam = client(owner, "iam")
        iam.create_user(UserName=name, **settings)
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)

    return make


def readable(client: Client, session: boto3.Session) -> list[str]:
    """Return whose letters a session may read."""
    found = []
    for name in ("ann", "bob"):
        with contextlib.suppress(ClientError):
            client(session, "s3").get_object(Bucket="homes", Key=f"{name}/letter")
            found.append(name)
    return found


@pytest.mark.usefixtures("homes")
def test_users_are_known_by_name_and_tags(user: Callable[..., boto3.Session], client: Client) -> None:
    own = allow("s3:GetObject", f"{HOMES}/${{aws:username}}/*")
    tagged = allow("s3:GetObject", f"{HOMES}/${{aws:PrincipalTag/reads}}/*")
    assert readable(client, user("ann", own)) == ["ann"]
    assert readable(client, user("cyd", tagged, Tags=[{"Key": "reads", "Value": "bob"}])) == ["bob"]


@pytest.mark.usefixtures("homes")
def test_a_user_is_held_to_a_boundary(
    owner: boto3.Session, user: Callable[..., boto3.Session], client: Client
) -> None:
    iam = client(owner, "iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:*", f"{HOMES}/ann/*")]})
    boundary = iam.create_policy(PolicyName="bound", PolicyDocument=document)["Policy"]["Arn"]
    session = user("dan", allow("s3:*"), PermissionsBoundary=boundary)
    assert readable(client, session) == ["ann"]
    shown = iam.get_user(UserName="dan")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert shown == boundary
    iam.delete_user_permissions_boundary(UserName="dan")
    assert readable(client, session) == ["ann", "bob"]
    iam.put_user_permissions_boundary(UserName="dan", PermissionsBoundary=boundary)
    assert readable(client, session) == ["ann"]


@pytest.mark.usefixtures("homes")
def test_a_session_has_its_own_tags_and_policies_and_a_password_between_accounts(
    owner: boto3.Session, user: Callable[..., boto3.Session], client: Client
) -> None:
    iam = client(owner, "iam")
    password = {"Condition": {"StringEquals": {"sts:ExternalId": "open sesame"}}}
    principal = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}}
    trust = [{**principal, "Action": ["sts:AssumeRole", "sts:TagSession"], **password}]
    arn = iam.create_role(
        RoleName="Reader",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
        Tags=[{"Key": "reads", "Value": "nobody"}],
    )["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [allow("*", f"{HOMES}/${{aws:PrincipalTag/reads}}/*")]}
    iam.put_role_policy(RoleName="Reader", PolicyName="own", PolicyDocument=json.dumps(policy))
    sts = client(user("eve", allow(["sts:AssumeRole", "sts:TagSession"])), "sts")

    def session(**settings: Any) -> boto3.Session:
        given = sts.assume_role(RoleArn=arn, RoleSessionName="eve", **settings)["Credentials"]
        return boto3.Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=REGION
        )

    with pytest.raises(ClientError, match="sts:AssumeRole"):
        session()
    known = {"ExternalId": "open sesame", "Tags": [{"Key": "reads", "Value": "bob"}]}
    assert readable(client, session(ExternalId="open sesame")) == []
    assert readable(client, session(**known)) == ["bob"]
    queues_only = {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AmazonSQSFullAccess"}]}
    assert readable(client, session(**known, **queues_only)) == []
