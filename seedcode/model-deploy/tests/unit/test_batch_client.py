"""Runs of a stage's pipeline: the request is put, the execution followed, the answer read or the reason told."""

from __future__ import annotations

import io

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from deployment import batch_client
from deployment.batch_client import BatchClient
from deployment.deployment_errors import UserError

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/abc"
FOLDER = "s3://bucket/batch/staging/tests/1"


@pytest.fixture
def batch(sagemaker: Stubber, s3: Stubber, monkeypatch: pytest.MonkeyPatch) -> BatchClient:
    monkeypatch.setattr(batch_client, "_PAUSE_SECONDS", 0)
    return BatchClient(sagemaker.client, s3.client, "p")


def started(sagemaker: Stubber, s3: Stubber, *statuses: str) -> None:
    put = {"Bucket": "bucket", "Key": "batch/staging/tests/1/input/records", "Body": b"1,2"}
    s3.add_response("put_object", {}, put | {"ContentType": "text/csv"})
    parameters = [
        {"Name": "InputUri", "Value": f"{FOLDER}/input/"},
        {"Name": "OutputUri", "Value": f"{FOLDER}/output"},
    ]
    sagemaker.add_response(
        "start_pipeline_execution",
        {"PipelineExecutionArn": EXECUTION},
        {"PipelineName": "p", "PipelineParameters": parameters},
    )
    for status in statuses:
        sagemaker.add_response("describe_pipeline_execution", {"PipelineExecutionStatus": status})


def test_the_answer_is_read_from_the_execution_s_own_folder(
    batch: BatchClient, sagemaker: Stubber, s3: Stubber
) -> None:
    started(sagemaker, s3, "Executing", "Succeeded")
    s3.add_response(
        "get_object",
        {"Body": StreamingBody(io.BytesIO(b"0.5"), 3)},
        {"Bucket": "bucket", "Key": "batch/staging/tests/1/output/abc/records.out"},
    )
    assert batch.predict(b"1,2", "text/csv", FOLDER, 10) == b"0.5"


def test_a_failure_is_told_with_the_step_s_reason(
    batch: BatchClient, sagemaker: Stubber, s3: Stubber
) -> None:
    started(sagemaker, s3, "Failed")
    step = {"StepName": "predict", "StepStatus": "Failed", "FailureReason": "ClientError: no such column"}
    sagemaker.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": [step]})
    with pytest.raises(UserError, match="has failed: ClientError: no such column"):
        batch.predict(b"1,2", "text/csv", FOLDER, 10)


def test_an_execution_that_does_not_end_is_named(batch: BatchClient, sagemaker: Stubber, s3: Stubber) -> None:
    started(sagemaker, s3)
    with pytest.raises(TimeoutError, match=f"{EXECUTION} has not ended after 0 seconds"):
        batch.predict(b"1,2", "text/csv", FOLDER, 0)


def test_the_model_is_that_of_the_definition(batch: BatchClient, sagemaker: Stubber) -> None:
    definition = '{"Steps": [{"Arguments": {"ModelName": "m"}}]}'
    sagemaker.add_response("describe_pipeline", {"PipelineDefinition": definition}, {"PipelineName": "p"})
    assert batch.model_name() == "m"
