"""Pipelines with Transform and Callback steps, and the kinds of steps that nothing here executes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, SageMaker, until
from .test_definition import document
from .test_pipelines import get, join
from .test_steps import run
from .test_transform import job, model

OUTPUTS = [
    {"OutputName": "rows", "OutputType": "Integer"},
    {"OutputName": "clean", "OutputType": "Boolean"},
]


class Queue:
    """A queue that a callback step writes to."""

    def __init__(self, sagemaker: SageMaker) -> None:
        self._client = sagemaker.server.client("sqs", REGION)
        self.url = self._client.create_queue(QueueName="work")["QueueUrl"]

    def message(self) -> dict[str, Any]:
        """Return the next message."""

        def received() -> list[Any]:
            found: list[Any] = self._client.receive_message(QueueUrl=self.url).get("Messages", [])
            return found

        message = until(received)[0]
        self._client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        body: dict[str, Any] = json.loads(message["Body"])
        return body


def callback(queue: Queue) -> dict[str, Any]:
    return {
        "Name": "Ask",
        "Type": "Callback",
        "SqsQueueUrl": queue.url,
        "Arguments": {"number": 5, "file": "s3://data/in"},
        "OutputParameters": OUTPUTS,
    }


def start(sagemaker: SageMaker, *steps: dict[str, Any]) -> str:
    definition = document(*steps)
    sagemaker.client.create_pipeline(PipelineName="p", PipelineDefinition=definition, RoleArn=sagemaker.role)
    arn: str = sagemaker.client.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    return arn


def ended(sagemaker: SageMaker, arn: str) -> tuple[str, dict[str, Any]]:
    def status() -> str:
        detail = sagemaker.client.describe_pipeline_execution(PipelineExecutionArn=arn)
        found: str = detail["PipelineExecutionStatus"]
        return found if found not in ("Executing", "Stopping") else ""

    found: str = until(status)
    steps = sagemaker.client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    return found, {step["StepName"]: step for step in steps}


def test_a_transform_step_scores_with_the_model_of_the_step_before(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1\n2\n")
    model(sagemaker)
    container = sagemaker.client.describe_model(ModelName="doubler")["PrimaryContainer"]
    make = {
        "Name": "Make",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": sagemaker.role, "PrimaryContainer": container},
    }
    arguments = {**job(), "ModelName": get("Steps.Make.ModelName")}
    del arguments["TransformJobName"]
    score = {"Name": "Score", "Type": "Transform", "Arguments": arguments}
    say = {
        "Name": "Say",
        "Type": "Fail",
        "Arguments": {"ErrorMessage": join("at ", get("Steps.Score.TransformOutput.S3OutputPath"))},
    }
    _, steps = run(sagemaker, make, score, say)
    assert steps["Score"]["StepStatus"] == "Succeeded", steps
    assert ":transform-job/pipelines-" in steps["Score"]["Metadata"]["TransformJob"]["Arn"]
    assert sagemaker.get("out/a.csv.out") == b"2\n4\n"
    assert steps["Say"]["FailureReason"] == "at s3://data/out"


def test_a_callback_step_waits_for_its_outputs(sagemaker: SageMaker) -> None:
    queue = Queue(sagemaker)
    say = {
        "Name": "Say",
        "Type": "Fail",
        "Arguments": {"ErrorMessage": join("", get("Steps.Ask.OutputParameters['rows']"), " rows")},
    }
    arn = start(sagemaker, callback(queue), say)
    message = queue.message()
    assert message["arguments"] == {"number": 5, "file": "s3://data/in"}
    assert message["pipelineExecutionArn"] == arn
    outputs = [{"Name": "rows", "Value": "7"}, {"Name": "clean", "Value": "true"}]
    answer = {"CallbackToken": message["token"], "ClientRequestToken": "t" * 32}
    with pytest.raises(ClientError, match="not of its type"):
        sagemaker.client.send_pipeline_execution_step_success(
            **answer, OutputParameters=[{"Name": "rows", "Value": "many"}, outputs[1]]
        )
    with pytest.raises(ClientError, match=r"missing \['clean'\]"):
        sagemaker.client.send_pipeline_execution_step_success(**answer, OutputParameters=outputs[:1])
    for _ in range(2):
        given = sagemaker.client.send_pipeline_execution_step_success(**answer, OutputParameters=outputs)
        assert given["PipelineExecutionArn"] == arn
    _, steps = ended(sagemaker, arn)
    assert steps["Say"]["FailureReason"] == "7 rows"
    assert steps["Ask"]["Metadata"]["Callback"] == {
        "CallbackToken": message["token"],
        "SqsQueueUrl": queue.url,
        "OutputParameters": outputs,
    }
    with pytest.raises(ClientError, match="answered already"):
        sagemaker.client.send_pipeline_execution_step_failure(CallbackToken=message["token"])


def test_a_callback_step_fails_with_the_reason_it_is_told(sagemaker: SageMaker) -> None:
    queue = Queue(sagemaker)
    arn = start(sagemaker, callback(queue))
    token = queue.message()["token"]
    sagemaker.client.send_pipeline_execution_step_failure(CallbackToken=token, FailureReason="no disk")
    status, steps = ended(sagemaker, arn)
    assert (status, steps["Ask"]["FailureReason"]) == ("Failed", "no disk")


def test_a_stopping_execution_waits_for_the_answer_to_a_second_message(sagemaker: SageMaker) -> None:
    queue = Queue(sagemaker)
    arn = start(sagemaker, callback(queue))
    token = queue.message()["token"]
    sagemaker.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    second = queue.message()
    assert (second["token"], second["status"]) == (token, "Stopping")
    detail = sagemaker.client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert detail["PipelineExecutionStatus"] == "Stopping"
    sagemaker.client.send_pipeline_execution_step_failure(CallbackToken=token)
    status, steps = ended(sagemaker, arn)
    assert (status, steps["Ask"]["StepStatus"]) == ("Stopped", "Stopped")


def test_a_token_that_nobody_gave_out_is_not_found(sagemaker: SageMaker) -> None:
    with pytest.raises(sagemaker.client.exceptions.ResourceNotFound):
        sagemaker.client.send_pipeline_execution_step_failure(CallbackToken="0123456789")


@pytest.mark.parametrize("kind", ["ClarifyCheck", "QualityCheck", "EMR", "EMRServerless"])
def test_what_nothing_executes_is_refused_by_name(sagemaker: SageMaker, kind: str) -> None:
    definition = document({"Name": "Step", "Type": kind, "Arguments": {}})
    with pytest.raises(ClientError, match=f"does not support the type {kind} of step Step"):
        sagemaker.client.create_pipeline(
            PipelineName="p", PipelineDefinition=definition, RoleArn=sagemaker.role
        )
