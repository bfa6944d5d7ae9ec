"""Deploying by change set: made, changed, left alone, refused and rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws
from mlproject import stack_deploy
from mlproject.errors import PlatformError, UserError

TEMPLATE = """
Parameters:
  Days: {Type: Number, Default: 30, AllowedValues: [30, 90]}
  Name: {Type: String, Default: things}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
  Log: {Type: AWS::Logs::LogGroup, DependsOn: Topic, Properties: {LogGroupName: !Ref Name, RetentionInDays: !Ref Days}}
Outputs:
  Topic: {Value: !Ref Topic}
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Give an account with nothing in it."""
    monkeypatch.setattr(stack_deploy, "_POLL_SECONDS", 0.1)
    server = LocalAws(tmp_path / "localaws", image_cache=tmp_path / "images")
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    yield boto3.Session("testing", "testing", region_name="eu-central-1")
    server.close()
    moto_api_backend.reset()


def deploy(session: boto3.Session, told: list[str] | None = None, **parameters: str) -> stack_deploy.Stack:
    say = (told if told is not None else []).append
    return stack_deploy.deploy(session, "stack", {"TemplateBody": TEMPLATE}, parameters, say)


def test_a_stack_is_made_changed_and_left_alone(session: boto3.Session) -> None:
    told: list[str] = []
    assert stack_deploy.read(session, "stack") is None
    made = deploy(session, told)
    assert made.outputs["Topic"].endswith(":things")
    assert made.parameters == {"Days": "30", "Name": "things"}
    assert "Topic CREATE_COMPLETE" in told

    told.clear()
    assert deploy(session, told, Days="90").parameters["Days"] == "90"
    assert "Log UPDATE_COMPLETE" in told
    assert not any(line.startswith("Topic CREATE") for line in told)

    told.clear()
    assert deploy(session, told, Days="90") == stack_deploy.read(session, "stack")
    assert told == []
    kept = session.client("cloudformation").list_change_sets(StackName="stack")["Summaries"]
    assert "FAILED" not in [each["Status"] for each in kept]


def test_a_parameter_that_the_template_lost_is_left_out(session: boto3.Session) -> None:
    assert "Gone" not in deploy(session, Gone="yes").parameters


def test_a_value_that_the_template_refuses_is_told(session: boto3.Session) -> None:
    with pytest.raises(UserError, match="Days"):
        deploy(session, Days="31")


def test_a_template_that_is_none_is_told(session: boto3.Session) -> None:
    with pytest.raises(UserError, match="refuses the template"):
        stack_deploy.deploy(session, "stack", {"TemplateBody": "Resources: []"}, {}, print)


def test_a_template_may_lie_in_a_bucket(session: boto3.Session) -> None:
    s3 = session.client("s3")
    s3.create_bucket(Bucket="published", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="published", Key="platform/1.yaml", Body=TEMPLATE.encode())
    url = "https://published.s3.eu-central-1.amazonaws.com/platform/1.yaml"
    made = stack_deploy.deploy(session, "stack", {"TemplateURL": url}, {"Days": "90", "Gone": "yes"}, print)
    assert made.parameters == {"Days": "90", "Name": "things"}


def test_a_deployment_that_fails_tells_the_first_reason_and_can_be_repeated(session: boto3.Session) -> None:
    logs = session.client("logs")
    logs.create_log_group(logGroupName="things")
    with pytest.raises(PlatformError, match=r"ROLLBACK_COMPLETE: Log: .*exist"):
        deploy(session)
    assert stack_deploy.read(session, "stack") is None
    logs.delete_log_group(logGroupName="things")
    assert deploy(session).outputs["Topic"].endswith(":things")
