"""A server that enforces IAM, and people in roles of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.accounts import SERVICE_ACCESS_KEY
from localaws.iam.guard import Guard, Mode
from localaws.server import LocalAws

REGION = "us-east-1"
ACCOUNT = "123456789012"
Person = Callable[..., boto3.Session]


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    server = LocalAws(Path(tmp_path_factory.mktemp("iam")), guard=Guard(Mode.ENFORCE))
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()


@pytest.fixture
def owner(enforcing: LocalAws) -> boto3.Session:
    """The account's root."""
    return boto3.Session(SERVICE_ACCESS_KEY, "localaws", region_name=REGION)


@pytest.fixture
def client(enforcing: LocalAws) -> Callable[..., Any]:
    """Make a client of a session."""

    def make(session: boto3.Session, service: str) -> Any:
        return session.client(service, endpoint_url=enforcing.endpoint)  # type: ignore[call-overload]

    return make


@pytest.fixture
def person(owner: boto3.Session, client: Callable[..., Any]) -> Person:
    """Make a role with one policy, and return a session of somebody who has taken it on."""

    def make(name: str, *statements: dict[str, Any], session_policy: str = "", **role: Any) -> boto3.Session:
        iam, sts = client(owner, "iam"), client(owner, "sts")
        trust = {
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}]
        }
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **role)["Role"][
            "Arn"
        ]
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        more = {"Policy": session_policy} if session_policy else {}
        given = sts.assume_role(RoleArn=arn, RoleSessionName="someone", **more)["Credentials"]
        return boto3.Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=REGION
        )

    return make


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}
