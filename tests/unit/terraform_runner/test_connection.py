"""A connection: whether it can be used, where it leads people and git, and how git is let in."""

from __future__ import annotations

import base64
import re
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from terraform_runner.connection import Connection
from terraform_runner.runner_errors import PlatformError, UserError

ID = "12345678-abcd-4321-abcd-1234567890ab"
ARN = f"arn:aws:codeconnections:eu-west-1:111122223333:connection/{ID}"


class FakeConnections:
    """Answers as CodeConnections does."""

    def __init__(self, **found: str) -> None:
        self.found = {
            "ConnectionName": "team",
            "ConnectionStatus": "AVAILABLE",
            "ProviderType": "GitHub",
        } | found

    def get_connection(self, **_: str) -> dict[str, Any]:
        if self.found["ConnectionStatus"] == "DENIED":
            raise ClientError(
                {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "GetConnection"
            )
        return {"Connection": self.found}

    def get_host(self, **_: str) -> dict[str, str]:
        return {"ProviderEndpoint": "https://git.example.com/"}


class FakeSession(boto3.Session):
    """Knows credentials, and only one service."""

    def __init__(self, service: FakeConnections, **credentials: str) -> None:
        super().__init__(region_name="eu-west-1", **cast(Any, credentials))
        self._service = service

    def client(self, *_: Any, **__: Any) -> Any:
        return self._service


def connection(arn: str = ARN, **found: str) -> Connection:
    session = FakeSession(FakeConnections(**found), aws_access_key_id="AKIA", aws_secret_access_key="secret")
    return Connection(session, arn)


@pytest.mark.parametrize(
    ("found", "host"),
    [
        ({}, "https://github.com"),
        ({"ProviderType": "GitLab"}, "https://gitlab.com"),
        ({"ProviderType": "Bitbucket"}, "https://bitbucket.org"),
        ({"ProviderType": "GitLabSelfManaged", "HostArn": "arn:host"}, "https://git.example.com"),
    ],
)
def test_people_clone_from_the_provider(found: dict[str, str], host: str) -> None:
    assert connection(**found).host() == host


def test_a_connection_that_nobody_completed_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match="team is PENDING: somebody must complete it"):
        connection(ConnectionStatus="PENDING").host()


def test_a_connection_that_projects_may_not_use_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match=r"AccessDeniedException.*mlproject publish --connection"):
        connection(ConnectionStatus="DENIED").host()


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(UserError, match="not the ARN of a connection"):
        connection("arn:aws:s3:::bucket").git_url("team/churn")


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_git_goes_by_the_connections_own_service_and_region(service: str) -> None:
    arn = f"arn:aws:{service}:eu-west-1:111122223333:connection/{ID}"
    assert connection(arn).git_url("team/churn") == (
        f"https://{service}.eu-west-1.amazonaws.com/git-http/111122223333/eu-west-1/{ID}/team/churn.git"
    )


def test_git_is_let_in_by_a_signature_and_never_by_the_secret() -> None:
    made = connection()
    kind, _, encoded = made.authorization(made.git_url("team/churn")).partition(" ")
    user, _, password = base64.b64decode(encoded).decode().partition(":")
    assert (kind, user) == ("Basic", "AKIA")
    assert re.fullmatch(r"\d{8}T\d{6}Z[0-9a-f]{64}", password)


def test_temporary_credentials_bring_their_token() -> None:
    session = FakeSession(
        FakeConnections(), aws_access_key_id="ASIA", aws_secret_access_key="s", aws_session_token="token"
    )
    header = Connection(session, ARN).authorization("https://x.example/y.git")
    assert base64.b64decode(header.removeprefix("Basic ")).decode().startswith("ASIA%token:")


def test_a_build_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSession, "get_credentials", lambda _: None)
    with pytest.raises(PlatformError, match="no credentials"):
        connection().authorization("https://x.example/y.git")
