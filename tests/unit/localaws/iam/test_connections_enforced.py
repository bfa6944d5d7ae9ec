"""Git by a connection under IAM: what a role may do at a provider is decided by repository and by action."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import boto3
import pytest
import requests

from localaws.server import LocalAws

from .conftest import Person

NAMES = ("team/mine", "team/theirs")


@pytest.fixture
def arn(enforcing: LocalAws, owner: boto3.Session, client: Callable[..., Any]) -> str:
    """Return a completed connection to a provider with two repositories."""
    for name in NAMES:
        requests.put(f"{enforcing.endpoint}/_localaws/providers/GitLab/{name}", timeout=30).raise_for_status()
    connections = client(owner, "codeconnections")
    made = str(connections.create_connection(ProviderType="GitLab", ConnectionName="t")["ConnectionArn"])
    completed = requests.post(
        f"{enforcing.endpoint}/_localaws/connections/{made.rpartition('/')[2]}", timeout=30
    )
    completed.raise_for_status()
    return made


def test_a_role_reaches_the_repositories_and_the_actions_that_it_was_given(
    enforcing: LocalAws, person: Person, arn: str
) -> None:
    reader = person(
        "ConnectionReader",
        {
            "Effect": "Allow",
            "Action": "codeconnections:UseConnection",
            "Resource": arn,
            "Condition": {
                "ForAllValues:StringEquals": {"codeconnections:FullRepositoryId": "team/mine"},
                "StringEquals": {"codeconnections:ProviderPermissionsRequired": "read_only"},
            },
        },
    )
    given = reader.get_credentials()
    assert given is not None
    _, _, _, region, account, resource = arn.split(":")
    place = f"{enforcing.endpoint}/git-http/{account}/{region}/{resource.partition('/')[2]}"

    def status(name: str, service: str, user: str = f"{given.access_key}%{given.token}") -> int:
        url = f"{place}/{name}.git/info/refs?service={service}"
        return requests.get(url, auth=(user, "signature"), timeout=30).status_code

    assert status("team/mine", "git-upload-pack") == HTTPStatus.OK
    assert status("team/mine", "git-receive-pack") == HTTPStatus.FORBIDDEN
    assert status("team/theirs", "git-upload-pack") == HTTPStatus.FORBIDDEN
    assert status("team/mine", "git-upload-pack", "AKIAUNKNOWNUNKNOWN00") == HTTPStatus.FORBIDDEN
