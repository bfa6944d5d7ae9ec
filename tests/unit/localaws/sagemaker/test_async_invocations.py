"""Asynchronous endpoints answer in S3 and tell topics, as the model's role, and refuse what is not theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, SageMaker, until
from .test_endpoints import Hosting

INPUT = "s3://data/in.json"


@pytest.fixture
def hosting(sagemaker: SageMaker) -> Hosting:
    sagemaker.put("in.json", "{}")
    return Hosting(sagemaker)


def asynchronous(**output: Any) -> dict[str, Any]:
    return {
        "AsyncInferenceConfig": {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
            "OutputConfig": {"S3OutputPath": "s3://data/out", "S3FailurePath": "s3://data/failed/", **output},
        }
    }


def send(hosting: Hosting, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = hosting.sagemaker.runtime.invoke_endpoint_async(
        **{"EndpointName": "churn", "InputLocation": INPUT, "ContentType": "application/json", **options}
    )
    return answer


def written(hosting: Hosting, uri: str) -> str:
    def read() -> str | None:
        try:
            return hosting.sagemaker.get(uri.removeprefix("s3://data/")).decode()
        except hosting.sagemaker.s3.exceptions.NoSuchKey:
            return None

    return str(until(read))


def test_a_request_is_fetched_from_s3_and_answered_there(hosting: Hosting) -> None:
    hosting.up(**asynchronous())
    described = hosting.settled()["AsyncInferenceConfig"]
    assert described["OutputConfig"]["S3OutputPath"] == "s3://data/out"
    answer = send(hosting, Accept="application/json", CustomAttributes="trace", InferenceId="mine")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "mine"
    assert answer["OutputLocation"].startswith("s3://data/out/")
    assert answer["FailureLocation"].startswith("s3://data/failed/")
    content = json.loads(written(hosting, answer["OutputLocation"]))
    assert (content["model"], content["accept"], content["type"]) == (
        "one",
        "application/json",
        "application/json",
    )


def test_many_requests_are_all_answered(hosting: Hosting) -> None:
    hosting.up(**asynchronous())
    answers = [send(hosting) for _ in range(12)]
    assert {json.loads(written(hosting, each["OutputLocation"]))["model"] for each in answers} == {"one"}


def test_a_small_request_may_come_with_the_call(hosting: Hosting) -> None:
    hosting.up(**asynchronous())
    answer = hosting.sagemaker.runtime.invoke_endpoint_async(
        EndpointName="churn", Body=b"{}", ContentType="application/x-bytes"
    )
    assert written(hosting, answer["OutputLocation"]) == "}{"


def test_what_the_model_refuses_and_what_is_not_there_ends_in_a_failure(hosting: Hosting) -> None:
    hosting.up(**asynchronous())
    hosting.sagemaker.put("bad.json", "bad")
    refused = send(hosting, InputLocation="s3://data/bad.json")
    assert "column State is missing" in written(hosting, refused["FailureLocation"])
    missing = send(hosting, InputLocation="s3://data/nothing.json")
    assert "s3://data/nothing.json" in written(hosting, missing["FailureLocation"])


def test_topics_are_told_what_came_of_a_request(hosting: Hosting) -> None:
    server = hosting.sagemaker.server
    sns, sqs = server.client("sns", REGION), server.client("sqs", REGION)
    topic = sns.create_topic(Name="predictions")["TopicArn"]
    queue = sqs.create_queue(QueueName="predictions")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    hosting.up(**asynchronous(NotificationConfig={"SuccessTopic": topic, "ErrorTopic": topic}))
    hosting.sagemaker.put("bad.json", "bad")

    def told() -> dict[str, Any]:
        messages = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
        notice: dict[str, Any] = json.loads(messages[0]["Body"])
        return notice

    answer = send(hosting)
    notice = told()
    assert notice["invocationStatus"] == "Completed"
    assert notice["inferenceId"] == answer["InferenceId"]
    assert notice["responseParameters"]["outputLocation"] == answer["OutputLocation"]
    assert notice["requestParameters"]["inputLocation"] == INPUT
    send(hosting, InputLocation="s3://data/bad.json")
    notice = told()
    assert notice["invocationStatus"] == "Failed"
    assert "column State is missing" in notice["failureReason"]


def test_each_kind_of_endpoint_takes_its_own_kind_of_call(hosting: Hosting) -> None:
    hosting.up(**asynchronous())
    with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
        hosting.invoke()
    with pytest.raises(ClientError, match="either InputLocation or Body"):
        send(hosting, Body=b"{}")
    with pytest.raises(ClientError, match="does not support Filename"):
        send(hosting, Filename="mine.out")
    with pytest.raises(ClientError, match=r"nobody of account .* not found"):
        send(hosting, EndpointName="nobody")
    config = hosting.config("two")
    hosting.client.update_endpoint(EndpointName="churn", EndpointConfigName=config)
    until(lambda: "AsyncInferenceConfig" not in hosting.settled())
    with pytest.raises(ClientError, match="is not asynchronous: use InvokeEndpoint"):
        send(hosting)


SERVERLESS = {
    "VariantName": "v",
    "ModelName": "one",
    "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
}
CAPTURE = {
    "InitialSamplingPercentage": 1,
    "DestinationS3Uri": "s3://data/c",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (asynchronous(), "AsyncInferenceConfig is not supported for serverless"),
        ({"DataCaptureConfig": CAPTURE}, "DataCaptureConfig is not supported for serverless"),
        (
            {
                "ProductionVariants": [
                    {**SERVERLESS, "ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 1}}
                ]
            },
            "must be a multiple of 1024",
        ),
        (
            {"ProductionVariants": [{**SERVERLESS, "ModelName": "alone"}]},
            "network isolation, which serverless",
        ),
    ],
)
def test_what_serverless_endpoints_cannot_do_is_refused(
    hosting: Hosting, changes: dict[str, Any], words: str
) -> None:
    hosting.config("one")
    container = hosting.client.describe_model(ModelName="one")["PrimaryContainer"]
    hosting.client.create_model(
        ModelName="alone",
        PrimaryContainer=container,
        ExecutionRoleArn=hosting.sagemaker.role,
        EnableNetworkIsolation=True,
    )
    with pytest.raises(ClientError, match=words):
        hosting.client.create_endpoint_config(
            **{"EndpointConfigName": "c", "ProductionVariants": [SERVERLESS], **changes}
        )
