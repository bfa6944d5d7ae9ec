"""What AWS services do, for themselves or with a role, is decided without a request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from tests.unit.localaws.iam.conftest import ACCOUNT, REGION, Person, allow

from localaws.iam import implied
from localaws.server import LocalAws

Client = Callable[..., Any]
EVENTS = "events.amazonaws.com"
TEMPLATE = b"""
Parameters: {SageMakerProjectName: {Type: String}, SageMakerProjectId: {Type: String}}
Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: made}}}
"""
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/failed"


def settled(sagemaker: Any, project: str) -> str:
    """Return the status of a project once nothing is in progress."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = str(sagemaker.describe_project(ProjectName=project)["ProjectStatus"])
        if not status.endswith("InProgress"):
            return status
        time.sleep(0.05)
    raise TimeoutError(project)


def lets_in(service: str, action: str, **more: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": "*",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_service_publishes_where_topic_and_key_let_it(owner: boto3.Session, client: Client) -> None:
    sns, kms = client(owner, "sns"), client(owner, "kms")
    topic = sns.create_topic(Name="told")["TopicArn"]
    assert not implied.may_publish(EVENTS, topic, RULE)
    by_rule = {"ArnEquals": {"aws:SourceArn": RULE}}
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=lets_in(EVENTS, "sns:Publish", Condition=by_rule),
    )
    assert implied.may_publish(EVENTS, topic, RULE)
    assert not implied.may_publish(EVENTS, topic, f"{RULE}-other")
    assert not implied.may_publish("cloudwatch.amazonaws.com", topic, RULE)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    assert not implied.may_publish(EVENTS, topic, RULE)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=lets_in(EVENTS, "kms:*"))
    assert implied.may_publish(EVENTS, topic, RULE)


def test_lines_of_a_role_that_may_not_log_are_lost(
    enforcing: LocalAws, person: Person, client: Client
) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/mine:*"
    person("Logger", allow(["logs:CreateLogStream", "logs:PutLogEvents"], group))
    logs = enforcing.client("logs", REGION)
    for name in ("mine", "theirs"):
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        enforcing.log_writer(REGION, f"/aws/lambda/{name}", "s", f"arn:aws:iam::{ACCOUNT}:role/Logger")(
            "line"
        )
    found = {
        name: logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        for name in ("mine", "theirs")
    }
    assert [event["message"] for event in found["mine"]] == ["line"]
    assert found["theirs"] == []


def test_whoever_logged_in_to_the_registry_pulls_and_pushes_by_their_rights(
    enforcing: LocalAws, owner: boto3.Session, person: Person, client: Client
) -> None:
    client(owner, "ecr").create_repository(repositoryName="team/api")
    reads = ["ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"]
    session = person("Puller", allow("ecr:GetAuthorizationToken"), allow(reads))
    given = client(session, "ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    registry = f"{enforcing.endpoint}/v2/{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/api"
    headers = {"Authorization": f"Basic {given}"}
    assert requests.get(f"{registry}/manifests/one", headers=headers, timeout=30).status_code == 404
    pushed = requests.post(f"{registry}/blobs/uploads/", headers=headers, timeout=30)
    assert pushed.status_code == 403
    assert "not authorized to perform: ecr:InitiateLayerUpload" in pushed.json()["errors"][0]["message"]


def test_a_project_of_a_template_in_s3_is_made_and_deleted_with_its_callers_rights(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    s3 = client(owner, "s3")
    s3.create_bucket(Bucket="published")
    s3.put_object(Bucket="published", Key="products/one.yaml", Body=TEMPLATE)
    url = f"https://published.s3.{REGION}.amazonaws.com/products/one.yaml"
    person("Launcher", allow("sns:*"))
    launcher = f"arn:aws:iam::{ACCOUNT}:role/Launcher"
    stacks = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SP-*"
    only = {
        "StringLike": {"cloudformation:TemplateUrl": url},
        "ArnEquals": {"cloudformation:RoleArn": launcher},
    }
    lead = client(
        person(
            "Lead",
            allow("sagemaker:*"),
            allow("cloudformation:CreateStack", stacks, Condition=only),
            allow(["cloudformation:DeleteStack", "cloudformation:TagResource"], stacks),
            allow(
                "iam:PassRole",
                launcher,
                Condition={"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
            ),
        ),
        "sagemaker",
    )

    def create(name: str, **provider: str) -> None:
        wanted = {"TemplateName": "main", "TemplateURL": url, **provider}
        lead.create_project(ProjectName=name, TemplateProviders=[{"CfnTemplateProvider": wanted}])

    with pytest.raises(ClientError, match=r"AccessDeniedException.*cloudformation:CreateStack"):
        create("without-a-role")
    with pytest.raises(ClientError, match=r"AccessDeniedException.*cloudformation:CreateStack"):
        create("other-template", TemplateURL=f"{url}.mine", RoleARN=launcher)
    create("churn", RoleARN=launcher)
    assert settled(lead, "churn") == "CreateCompleted"
    lead.delete_project(ProjectName="churn")
    assert settled(lead, "churn") == "DeleteCompleted"
