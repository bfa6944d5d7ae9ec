"""Accounts of stages: named once, prepared with what the platform tells, and refused where projects would suffer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from mlproject import stack_deploy
from mlproject.errors import UserError
from mlproject.workload_accounts import parameters, prepare, session_of

HOME, STAGING, PRODUCTION = "123456789012", "444455556666", "777788889999"
ROOT = Path(__file__).parents[3]


class Account:
    """A session of an account; STS is all that is asked of it."""

    region_name = "eu-west-1"

    def __init__(self, account_id: str) -> None:
        self._id = account_id

    def client(self, service: str) -> Account:
        assert service == "sts"
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self._id}

    def assume_role(self, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:
        return {"Credentials": {"AccessKeyId": RoleArn, "SecretAccessKey": "s", "SessionToken": "t"}}


def quiet(_: str) -> None:
    """Take what is told."""


def session(account_id: str = HOME) -> boto3.Session:
    return cast(boto3.Session, Account(account_id))


def test_a_platform_without_accounts_asks_nobody_and_changes_nothing() -> None:
    assert parameters(cast(boto3.Session, None), {"StagingAccountId": STAGING}, "", "") == {}


def test_each_stage_has_the_account_that_is_named() -> None:
    made = parameters(session(), {}, STAGING, PRODUCTION)
    assert made == {"StagingAccountId": STAGING, "ProductionAccountId": PRODUCTION}
    assert parameters(session(), made, STAGING, "") == {"StagingAccountId": STAGING}


@pytest.mark.parametrize(
    ("current", "account", "said"),
    [
        ({}, "4444", "'4444' is no account for production"),
        ({}, HOME, "is the platform's own account"),
        (
            {"ProductionAccountId": STAGING},
            PRODUCTION,
            f"is in account {STAGING}, and projects cannot be moved",
        ),
    ],
)
def test_an_account_that_cannot_be_is_refused(current: Mapping[str, str], account: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parameters(session(), current, "", account)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, str]]]:
    """Give the platform's stack, and a list of what is deployed elsewhere."""
    outputs = {
        "KmsKeyArn": f"arn:aws:kms:eu-west-1:{HOME}:key/k",
        "RunnerRoleArn": f"arn:aws:iam::{HOME}:role/runner",
        "StageRoleName": "mlproject-platform-stages-eu-west-1",
    }
    stack = stack_deploy.Stack(outputs, {"StagingAccountId": STAGING, "ProductionAccountId": STAGING})
    deployed: list[tuple[str, Mapping[str, str]]] = []

    def deploy(_: Any, name: str, source: Any, given: Mapping[str, str], __: Any) -> stack_deploy.Stack:
        assert len(source["TemplateBody"]) < 51_200
        deployed.append((name, given))
        return stack_deploy.Stack({"RoleArn": "arn:role"}, {})

    monkeypatch.setattr(stack_deploy, "read", lambda *_: stack)
    monkeypatch.setattr(stack_deploy, "deploy", deploy)
    return deployed


def test_an_account_is_prepared_with_what_the_platform_tells(
    platform: list[tuple[str, Mapping[str, str]]],
) -> None:
    prepared = prepare(session(), session(STAGING), quiet, root=ROOT, platform_stack="mlproject-platform")
    assert prepared.stages == ("staging", "production")
    ((name, given),) = platform
    assert name == "mlproject-stages"
    assert given == {
        "ToolingAccountId": HOME,
        "RunnerRoleArn": f"arn:aws:iam::{HOME}:role/runner",
        "ToolingKeyArn": f"arn:aws:kms:eu-west-1:{HOME}:key/k",
        "RoleName": "mlproject-platform-stages-eu-west-1",
    }


def test_an_account_that_the_platform_does_not_name_is_refused(
    platform: list[tuple[str, Mapping[str, str]]],
) -> None:
    with pytest.raises(UserError, match=f"publish with --staging-account {PRODUCTION}"):
        prepare(session(), session(PRODUCTION), quiet, root=ROOT, platform_stack="mlproject-platform")
    assert platform == []


def test_without_a_platform_there_is_nothing_to_prepare_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_deploy, "read", lambda *_: None)
    with pytest.raises(UserError, match="publish the platform first"):
        prepare(session(), session(STAGING), quiet, root=ROOT, platform_stack="mlproject-platform")


def test_whoever_prepares_is_named_once() -> None:
    credentials = session_of(session(), "", "arn:aws:iam::444455556666:role/Admin").get_credentials()
    assert credentials is not None
    assert credentials.access_key == "arn:aws:iam::444455556666:role/Admin"
    for profile, role in (("", ""), ("staging", "arn:role")):
        with pytest.raises(UserError, match="either --profile or --role-arn"):
            session_of(session(), profile, role)
