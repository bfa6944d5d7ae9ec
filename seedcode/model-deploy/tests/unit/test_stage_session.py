"""A stage in another account is looked at by the role that was made for it there; one at home by the build itself."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from deployment.stage_session import stage_session


def test_a_stage_of_this_account_needs_no_other_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    credentials = stage_session("", "prod").get_credentials()
    assert credentials is not None
    assert credentials.access_key == "OWN"


def test_a_stage_of_another_account_is_seen_in_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Sts:
        def assume_role(self, **given: str) -> dict[str, Any]:
            asked.append(given)
            return {"Credentials": {"AccessKeyId": "THERE", "SecretAccessKey": "s", "SessionToken": "t"}}

    monkeypatch.setattr(boto3.Session, "client", lambda *_: Sts())
    credentials = stage_session("arn:aws:iam::444455556666:role/r", "prod").get_credentials()
    assert credentials is not None
    assert credentials.access_key == "THERE"
    assert asked == [{"RoleArn": "arn:aws:iam::444455556666:role/r", "RoleSessionName": "tests-prod"}]
