"""Strict mode finds in an answer whatever its model does not allow, in every protocol."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from moto.sns.responses import SNSResponse

from localaws import strict
from localaws.api_calls import service_model
from localaws.server import LocalAws
from localaws.strict.answers import faults

STACK = "<member><StackName>a</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>{}</member>"
STACKS = (
    "<DescribeStacksResponse><DescribeStacksResult><Stacks>{}</Stacks></DescribeStacksResult>{}"
    "</DescribeStacksResponse>"
)
STATUS = "<StackStatus>CREATE_COMPLETE</StackStatus>"


def found(
    service: str,
    operation: str,
    body: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> str:
    model = service_model(service)
    protocol = {"codecommit": "json"}.get(service, str(model.protocol))
    return "; ".join(faults(model.operation_model(operation), protocol, status, headers or {}, body.encode()))


def repository(**members: object) -> str:
    return json.dumps({"repositoryMetadata": members})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (repository(repositoryName="a", creationDate=1.5), ""),
        (repository(colour="red"), "RepositoryMetadata: unknown member colour"),
        (repository(creationDate="2026-01-01"), "'2026-01-01' is no number"),
        (repository(repositoryName=7), "7 is no string"),
        (repository(repositoryName="a b"), "must satisfy regular expression pattern"),
        (repository(repositoryName=""), "length greater than or equal to 1"),
        (repository(repositoryName=None), ""),
        ("[]", "cannot read it"),
    ],
)
def test_a_json_answer_is_held_against_its_shape(body: str, words: str) -> None:
    text = found("codecommit", "GetRepository", body)
    assert words in text if words else not text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (STACKS.format(STACK.format(STATUS), "<ResponseMetadata/>"), ""),
        (STACKS.format(STACK.format(STATUS), "<Extra/>"), "unknown element Extra"),
        (
            STACKS.format(STACK.format(STATUS + "<Mood>good</Mood>"), ""),
            "Stack: unknown member Mood ('good')",
        ),
        (STACKS.format(STACK.format("<StackStatus>HAPPY</StackStatus>"), ""), "must satisfy enum value set"),
        (STACKS.format(STACK.format(""), ""), "null at 'stacks.1.member.stackStatus'"),
        (STACKS.format("<item/>", ""), "unknown element item, where each is a member"),
        (
            STACKS.format(STACK.format(STATUS + "<DisableRollback>yes</DisableRollback>"), ""),
            "'yes' is no boolean",
        ),
        (
            STACKS.format(STACK.format(STATUS + "<LastUpdatedTime>1700000000</LastUpdatedTime>"), ""),
            "'1700000000' is no iso8601 timestamp",
        ),
        ("<DescribeStacks/>", "cannot read it"),
    ],
)
def test_a_query_answer_is_held_against_its_shape(body: str, words: str) -> None:
    text = found("cloudformation", "DescribeStacks", body)
    assert words in text if words else not text


def test_a_rest_answer_has_its_status_and_its_members_where_they_belong() -> None:
    assert not found("apigateway", "CreateResource", '{"id": "a", "parentId": "b"}', 201)
    assert "status 200 instead of 201" in found("apigateway", "CreateResource", '{"id": "a"}')
    assert "unknown member name" in found("apigateway", "CreateResource", '{"name": "a"}', 201)
    assert not found("s3", "ListBuckets", "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")
    assert "unknown member Pail" in found("s3", "ListBuckets", "<R><Pail/></R>")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("RepositoryDoesNotExistException", ""),
        ("ThrottlingException", ""),
        ("UnsupportedOperation", ""),
        ("BranchDoesNotExistException", "is none of the operation's"),
        ("OopsException", "the error 'OopsException' ('no') is none of the operation's"),
    ],
)
def test_an_error_is_one_that_the_operation_has(code: str, words: str) -> None:
    text = found("codecommit", "GetRepository", json.dumps({"__type": code, "message": "no"}), 400)
    assert words in text if words else not text


def test_an_error_has_its_code_of_the_query_protocol_or_of_the_model(localaws: LocalAws) -> None:
    with pytest.raises(ClientError) as failed:
        localaws.client("sqs", "us-east-1").get_queue_attributes(QueueUrl="https://sqs/1/none")
    error = dict(failed.value.response["Error"])
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"


def test_a_violation_is_a_failure_of_ours_that_says_what_is_wrong(
    localaws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = "<ListTopicsResponse><ListTopicsResult><Subjects/></ListTopicsResult></ListTopicsResponse>"
    monkeypatch.setattr(SNSResponse, "list_topics", lambda _: answer)
    with pytest.raises(ClientError, match="unknown member Subjects") as failed:
        localaws.client("sns", "us-east-1").list_topics()
    assert failed.value.response["Error"]["Code"] == "InternalFailure"
    assert strict.violations == ["sns ListTopics: ListTopicsResponse: unknown member Subjects ('')"]
    strict.violations.clear()


def test_a_member_that_the_operation_lacks_is_found_before_it_is_dropped() -> None:
    answer = {"repositoryMetadata": {"repositoryName": "a"}}
    strict.check_result("codecommit", "GetRepository", answer)
    answer["repositoryMetadata"]["repositoryNmae"] = "a"
    with pytest.raises(strict.ModelViolation, match="repositoryMetadata has no member repositoryNmae"):
        strict.check_result("codecommit", "GetRepository", answer)
    strict.violations.clear()
