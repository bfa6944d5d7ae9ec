"""Requests that policies do not allow are denied in each service's own shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from tests.unit.localaws.iam.conftest import ACCOUNT, REGION, Person, allow

from localaws.server import LocalAws

Client = Callable[..., Any]


def denial(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int, str]:
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_a_reader_of_one_bucket_is_denied_another(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    s3 = client(owner, "s3")
    for bucket in ("open", "closed"):
        s3.create_bucket(Bucket=f"{bucket}-things")
        s3.put_object(Bucket=f"{bucket}-things", Key="a/b c.txt", Body=b"hello")
    reader = client(person("Reader", allow("s3:GetObject", "arn:aws:s3:::open-things/a/*")), "s3")
    assert reader.get_object(Bucket="open-things", Key="a/b c.txt")["Body"].read() == b"hello"
    with pytest.raises(ClientError) as denied:
        reader.get_object(Bucket="closed-things", Key="a/b c.txt")
    assert denial(denied) == (
        "AccessDenied",
        403,
        "User: arn:aws:sts::123456789012:assumed-role/Reader/someone is not authorized to perform: s3:GetObject"
        ' on resource: "arn:aws:s3:::closed-things/a/b c.txt" because no identity-based policy allows the'
        " s3:GetObject action",
    )


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "status"),
    [
        ("codebuild", "list_projects", {}, "AccessDeniedException", 400),
        ("codecommit", "list_repositories", {}, "AccessDeniedException", 400),
        ("sagemaker", "list_models", {}, "AccessDeniedException", 400),
        ("kms", "list_keys", {}, "AccessDeniedException", 400),
        ("lambda", "list_functions", {}, "AccessDeniedException", 403),
        ("apigateway", "get_rest_apis", {}, "AccessDeniedException", 403),
        ("iam", "list_roles", {}, "AccessDenied", 403),
        ("cloudformation", "list_stacks", {}, "AccessDenied", 403),
        ("sns", "list_topics", {}, "AuthorizationError", 403),
        ("sqs", "list_queues", {}, "AccessDenied", 400),
        ("cloudwatch", "list_dashboards", {}, "AccessDenied", 400),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "e", "Body": b""},
            "AccessDeniedException",
            403,
        ),
    ],
)
def test_a_denied_client_sees_its_service_s_error(
    person: Person,
    client: Client,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    code: str,
    status: int,
) -> None:
    nobody = client(person(f"Nobody-{service}"), service)
    with pytest.raises(ClientError) as denied:
        getattr(nobody, operation)(**arguments)
    found, answered, message = denial(denied)
    assert (found, answered) == (code, status)
    assert message.startswith(f"User: arn:aws:sts::123456789012:assumed-role/Nobody-{service}/someone is not")


def test_a_key_that_nobody_was_given_is_refused(enforcing: LocalAws) -> None:
    stranger = boto3.client(
        "iam",
        endpoint_url=enforcing.endpoint,
        region_name=REGION,
        aws_access_key_id="AKIASTRANGER00000000",
        aws_secret_access_key="any",
    )
    with pytest.raises(ClientError) as denied:
        stranger.list_roles()
    assert denial(denied)[0] == "InvalidClientTokenId"


def test_managed_policies_a_boundary_and_a_session_s_policy_count(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    iam = client(owner, "iam")
    boundary = iam.create_policy(
        PolicyName="only-topics",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow("sns:*")]}),
    )["Policy"]["Arn"]
    bounded = person("Bounded", PermissionsBoundary=boundary)
    iam.attach_role_policy(RoleName="Bounded", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert client(bounded, "sns").list_topics()["Topics"] == []
    with pytest.raises(ClientError, match="because no permissions boundary allows the sqs:ListQueues action"):
        client(bounded, "sqs").list_queues()
    narrowed = json.dumps({"Version": "2012-10-17", "Statement": [allow("sqs:*")]})
    session = person("Narrowed", allow("*"), session_policy=narrowed)
    with pytest.raises(ClientError, match="because no session policy allows the sns:ListTopics action"):
        client(session, "sns").list_topics()


def test_an_encrypted_bucket_needs_its_key_through_s3(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    key = client(owner, "kms").create_key()["KeyMetadata"]["Arn"]
    s3 = client(owner, "s3")
    s3.create_bucket(Bucket="sealed-things")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="sealed-things", ServerSideEncryptionConfiguration={"Rules": [rule]})
    objects = allow(["s3:PutObject", "s3:GetObject"], "arn:aws:s3:::sealed-things/*")
    via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    writer = client(
        person("SealedWriter", objects, allow("kms:GenerateDataKey", key, Condition=via_s3)), "s3"
    )
    writer.put_object(Bucket="sealed-things", Key="a", Body=b"x")
    with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt on resource: arn:aws:kms"):
        writer.get_object(Bucket="sealed-things", Key="a")


def test_tags_of_a_resource_decide_where_a_policy_asks_for_them(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    sagemaker = client(owner, "sagemaker")
    for name in ("mine", "theirs"):
        tags = [{"Key": "team", "Value": name}]
        sagemaker.create_model_package_group(ModelPackageGroupName=name, Tags=tags)
    condition = {"StringEquals": {"aws:ResourceTag/team": "mine"}}
    team = client(
        person("Team", allow("sagemaker:DeleteModelPackageGroup", Condition=condition)), "sagemaker"
    )
    with pytest.raises(ClientError, match="model-package-group/theirs"):
        team.delete_model_package_group(ModelPackageGroupName="theirs")
    team.delete_model_package_group(ModelPackageGroupName="mine")


def test_a_trust_policy_says_who_may_take_a_role_on(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    trust = {
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}}
        ]
    }
    arn = client(owner, "iam").create_role(RoleName="Closed", AssumeRolePolicyDocument=json.dumps(trust))[
        "Role"
    ]["Arn"]
    climber = client(person("Climber", allow("sts:AssumeRole")), "sts")
    with pytest.raises(
        ClientError, match="because no resource-based policy allows the sts:AssumeRole action"
    ):
        climber.assume_role(RoleArn=arn, RoleSessionName="up")


def test_users_of_git_need_the_right_to_pull_and_to_push(
    enforcing: LocalAws, owner: boto3.Session, person: Person, client: Client
) -> None:
    client(owner, "codecommit").create_repository(repositoryName="shared")
    reader = person(
        "GitReader", allow("codecommit:GitPull", "arn:aws:codecommit:*:*:shared")
    ).get_credentials()
    assert reader is not None
    user = f"{reader.access_key}%{reader.token}"
    refs = f"{enforcing.endpoint}/v1/repos/shared/info/refs"

    def status(service: str, name: str) -> int:
        return requests.get(refs, params={"service": service}, auth=(name, "any"), timeout=30).status_code

    assert status("git-upload-pack", user) == 200
    assert status("git-receive-pack", user) == 403
    assert status("git-upload-pack", "me") == 403


def test_the_record_tells_what_was_granted_used_and_denied(
    enforcing: LocalAws, person: Person, client: Client
) -> None:
    session = person("Recorded", allow(["sns:ListTopics", "sns:ListSubscriptions"]))
    client(session, "sns").list_topics()
    with pytest.raises(ClientError):
        client(session, "sqs").list_queues()
    record = requests.get(f"{enforcing.endpoint}/_localaws/iam", timeout=30).json()
    arn = "arn:aws:iam::123456789012:role/Recorded"
    assert set(record["principals"][arn]["granted"]) == {"sns:ListTopics", "sns:ListSubscriptions"}
    assert record["principals"][arn]["used"] == {"sns:ListTopics": ["*"], "sqs:ListQueues": ["*"]}
    assert [each["action"] for each in record["denied"] if each["principal"] == arn] == ["sqs:ListQueues"]


def test_records_of_a_feature_group_are_decided_on_by_the_group(
    owner: boto3.Session, client: Client, person: Person
) -> None:
    client(owner, "sagemaker").create_feature_group(
        FeatureGroupName="customers",
        RecordIdentifierFeatureName="phone",
        EventTimeFeatureName="moment",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": "String"} for name in ("phone", "moment")],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    group = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:feature-group/customers"
    reader = client(
        person("RecordReader", allow("sagemaker:GetRecord", group)), "sagemaker-featurestore-runtime"
    )
    asked = {"FeatureGroupName": "customers", "RecordIdentifierValueAsString": "1"}
    assert "Record" not in reader.get_record(**asked)
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:DeleteRecord"):
        reader.delete_record(**asked, EventTime="2026-01-01T00:00:00Z")
