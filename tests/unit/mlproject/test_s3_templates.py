"""Templates in the bucket: the newest that is shown is taken, and a domain looks in one place only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends

from localaws.server import LocalAws
from mlproject import s3_templates, stack_deploy
from mlproject.errors import UserError

OUTPUTS = {
    "ArtifactBucket": "artifacts",
    "LaunchRoleArn": "arn:aws:iam::123456789012:role/launch",
    "LeadPolicyArn": "arn:aws:iam::123456789012:policy/lead",
    "ProductTemplates": "https://artifacts.s3.us-east-1.amazonaws.com/products",
}
TEMPLATE = b"""
Parameters: {SageMakerProjectName: {Type: String}, ApproverEmail: {Type: String}}
Resources: {Topic: {Type: "AWS::SNS::Topic"}}
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Give an account with a bucket and a stack."""
    monkeypatch.setattr(stack_deploy, "read", lambda *_: stack_deploy.Stack(OUTPUTS, {}))
    server = LocalAws(tmp_path / "localaws", image_cache=tmp_path / "images")
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    made = boto3.Session("testing", "testing", region_name="us-east-1")
    made.client("s3").create_bucket(Bucket="artifacts")
    yield made
    server.close()
    moto_api_backend.reset()


def put(session: boto3.Session, version: str, day: int, *, shown: bool = True) -> None:
    s3, key = session.client("s3"), f"products/{version}.yaml"
    s3.put_object(Bucket="artifacts", Key=key, Body=TEMPLATE)
    stored = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].head_object("artifacts", key)
    assert stored is not None
    stored.last_modified = datetime(2026, 1, day)
    if shown:
        s3_templates.show(s3, "artifacts", key)


def test_the_newest_template_that_is_shown_is_taken(session: boto3.Session) -> None:
    put(session, "b", 1)
    put(session, "a", 2)
    put(session, "c", 3, shown=False)
    found = s3_templates.find(session, "platform")
    assert found == s3_templates.S3Template(
        f"{OUTPUTS['ProductTemplates']}/a.yaml",
        OUTPUTS["LaunchRoleArn"],
        "a",
        frozenset({"SageMakerProjectName", "ApproverEmail"}),
    )


def test_an_older_template_can_be_asked_for_and_a_hidden_one_cannot(session: boto3.Session) -> None:
    put(session, "b", 1)
    put(session, "a", 2)
    put(session, "c", 3, shown=False)
    assert s3_templates.find(session, "platform", "b").version == "b"
    with pytest.raises(UserError, match="version 'c' is not published in S3; published: a, b"):
        s3_templates.find(session, "platform", "c")


@pytest.mark.parametrize(
    "stack", [None, stack_deploy.Stack({"ArtifactBucket": "artifacts"}, {})], ids=["no stack", "catalog only"]
)
def test_where_nothing_is_published_in_s3_it_says_how(
    session: boto3.Session, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_deploy, "read", lambda *_: stack)
    with pytest.raises(UserError, match="`mlproject publish --to s3` does that"):
        s3_templates.find(session, "platform")


def make_domain(session: boto3.Session, **tags: str) -> str:
    made = session.client("sagemaker").create_domain(
        DomainName="ml",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": "arn:aws:iam::123456789012:role/studio"},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    return made["DomainArn"].rpartition("/")[2]


def test_a_domain_is_told_where_the_templates_are_and_again(session: boto3.Session) -> None:
    domain = make_domain(session, team="ml")
    for _ in range(2):
        s3_templates.show_in_domains(session, [domain], "artifacts")
    client = session.client("sagemaker")
    tags = client.list_tags(ResourceArn=client.describe_domain(DomainId=domain)["DomainArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "team": "ml",
        s3_templates.LOCATION_TAG: "s3://artifacts/products/",
    }


def test_a_domain_with_templates_elsewhere_keeps_them(session: boto3.Session) -> None:
    domain = make_domain(session, **{s3_templates.LOCATION_TAG: "s3://others/"})
    with pytest.raises(UserError, match="has its templates in s3://others/"):
        s3_templates.show_in_domains(session, [domain], "artifacts")
