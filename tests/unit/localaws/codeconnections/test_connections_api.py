"""Connections as SDKs see them: pending until somebody completes them, listed, tagged and deleted."""

from __future__ import annotations

import pytest
import requests
from botocore.exceptions import ClientError

from localaws.server import LocalAws

from .conftest import NAME, GitHub


def test_a_new_connection_waits_for_its_handshake(github: GitHub) -> None:
    described = github.client.get_connection(ConnectionArn=github.arn)["Connection"]
    assert described["ConnectionStatus"] == "PENDING"
    assert described["ProviderType"] == "GitHub"
    assert described["ConnectionName"] == "team"


def test_a_completed_connection_is_available(github: GitHub) -> None:
    github.complete()
    [listed] = github.client.list_connections(ProviderTypeFilter="GitHub")["Connections"]
    assert listed["ConnectionStatus"] == "AVAILABLE"
    assert not github.client.list_connections(ProviderTypeFilter="GitLab")["Connections"]


def test_tags_are_kept_with_a_connection(github: GitHub) -> None:
    github.client.tag_resource(ResourceArn=github.arn, Tags=[{"Key": "team", "Value": "a"}])
    github.client.tag_resource(ResourceArn=github.arn, Tags=[{"Key": "cost", "Value": "1"}])
    github.client.untag_resource(ResourceArn=github.arn, TagKeys=["cost"])
    assert github.client.list_tags_for_resource(ResourceArn=github.arn)["Tags"] == [
        {"Key": "team", "Value": "a"}
    ]


def test_a_deleted_connection_is_gone_and_the_repositories_stay(github: GitHub) -> None:
    github.client.delete_connection(ConnectionArn=github.arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        github.client.get_connection(ConnectionArn=github.arn)
    listed = requests.get(f"{github.server.endpoint}/_localaws/providers/GitHub", timeout=30).json()
    assert listed == {"repositories": [NAME]}


def test_hosts_of_ones_own_are_refused_in_words(localaws: LocalAws) -> None:
    client = localaws.client("codeconnections", "eu-west-2")
    with pytest.raises(ClientError, match="localaws has no hosts"):
        client.create_connection(ProviderType="GitLabSelfManaged", ConnectionName="own")
    with pytest.raises(ClientError, match="localaws does not support the operation CreateHost"):
        client.create_host(Name="own", ProviderType="GitLabSelfManaged", ProviderEndpoint="https://x.example")


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("PUT", "providers/GitHub/team/../../x", 400, "no owner/name"),
        ("PUT", "providers/GitHub/alone", 400, "no owner/name"),
        ("PUT", "providers/Gitea/team/churn", 404, "no provider Gitea"),
        ("DELETE", "providers/GitHub/team/none", 404, "no repository team/none"),
        ("POST", "connections/none", 404, "no connection none"),
        ("PATCH", "connections/none", 404, "no PATCH"),
    ],
)
def test_what_cannot_be_done_at_a_provider_is_said(
    localaws: LocalAws, method: str, path: str, status: int, words: str
) -> None:
    with requests.Session() as session:
        request = requests.Request(method, localaws.endpoint).prepare()
        request.url = f"{localaws.endpoint}/_localaws/{path}"
        answer = session.send(request, timeout=30)
    assert (answer.status_code, words in answer.json()["message"]) == (status, True)
