"""Steps other than jobs, steps side by side, and what is tried again."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from localaws.services.sagemaker.definition import parse
from localaws.services.sagemaker.executor import retry_pause
from localaws.services.sagemaker.step_state import StepFailed
from localaws.services.sagemaker.steps import cache_key

from .conftest import REGION, SageMaker, until
from .test_definition import document, training
from .test_pipelines import get, join, processing

MEET = """
import os, pathlib, time
met = pathlib.Path({met!r})
(met / str(os.getpid())).touch()
while len(list(met.iterdir())) < {number}: time.sleep(0.05)
"""
LAMBDA_TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def run(sagemaker: SageMaker, *steps: dict[str, Any], **start: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a pipeline of these steps, return the execution and its steps."""
    parameters = [{"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1}]
    definition = document(*steps, Parameters=parameters)
    sagemaker.client.create_pipeline(PipelineName="p", PipelineDefinition=definition, RoleArn=sagemaker.role)
    arn = sagemaker.client.start_pipeline_execution(PipelineName="p", **start)["PipelineExecutionArn"]

    def ended() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_pipeline_execution(PipelineExecutionArn=arn)
        return None if detail["PipelineExecutionStatus"] == "Executing" else detail

    execution = until(ended)
    found = sagemaker.client.list_pipeline_execution_steps(PipelineExecutionArn=arn)
    return execution, {step["StepName"]: step for step in found["PipelineExecutionSteps"]}


def function(sagemaker: SageMaker, source: str) -> str:
    """Make a function, return its ARN."""
    iam = sagemaker.server.client("iam", REGION)
    role = iam.create_role(
        RoleName="function", AssumeRolePolicyDocument=json.dumps({"Statement": [LAMBDA_TRUST]})
    )["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", source)
    client = sagemaker.server.client("lambda", REGION)
    arn: str = client.create_function(
        FunctionName="f",
        Runtime="python3.11",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]
    return arn


def test_a_lambda_steps_outputs_reach_later_steps(sagemaker: SageMaker) -> None:
    arn = function(sagemaker, "def handler(event, context): return {'doubled': event['n'] * 2}")
    call = {
        "Name": "Call",
        "Type": "Lambda",
        "FunctionArn": arn,
        "Arguments": {"n": 21},
        "OutputParameters": [{"OutputName": "doubled", "OutputType": "Integer"}],
    }
    message = join("it is ", get("Steps.Call.OutputParameters['doubled']"))
    _, steps = run(sagemaker, call, {"Name": "Say", "Type": "Fail", "Arguments": {"ErrorMessage": message}})
    assert steps["Call"]["StepStatus"] == "Succeeded", steps
    assert steps["Call"]["Metadata"]["Lambda"]["OutputParameters"] == [{"Name": "doubled", "Value": "42"}]
    assert steps["Say"]["FailureReason"] == "it is 42"


def test_a_function_without_the_promised_output_fails_the_step(sagemaker: SageMaker) -> None:
    arn = function(sagemaker, "def handler(event, context): return {}")
    outputs = [{"OutputName": "doubled", "OutputType": "Integer"}]
    call = {"Name": "Call", "Type": "Lambda", "FunctionArn": arn, "OutputParameters": outputs}
    _, steps = run(sagemaker, call)
    assert "did not return the outputs ['doubled']" in steps["Call"]["FailureReason"]


def test_a_model_step_makes_a_model_that_carries_the_pipelines_tags(sagemaker: SageMaker) -> None:
    sagemaker.put("model.tar.gz", "x")
    container = {"Image": "x:1", "ModelDataUrl": "s3://data/model.tar.gz"}
    make = {
        "Name": "Make",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": sagemaker.role, "PrimaryContainer": container},
    }
    execution, steps = run(sagemaker, make)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    arn = steps["Make"]["Metadata"]["Model"]["Arn"]
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.client.list_tags(ResourceArn=arn)["Tags"]}
    assert tags["sagemaker:pipeline-step-name"] == "Make"
    assert sagemaker.client.list_models(NameContains="-Make-")["Models"][0]["ModelArn"] == arn


def test_an_operation_that_is_refused_is_the_steps_reason(sagemaker: SageMaker) -> None:
    container = {"Image": "x:1", "ModelDataUrl": "s3://data/gone.tar.gz"}
    arguments = {"ExecutionRoleArn": sagemaker.role, "PrimaryContainer": container}
    _, steps = run(sagemaker, {"Name": "Make", "Type": "Model", "Arguments": arguments})
    reason = steps["Make"]["FailureReason"]
    assert reason.startswith(
        "ClientError: Failed to invoke sagemaker:CreateModel. Error Details: Could not access"
    )


@pytest.mark.parametrize(("most", "overlap"), [(2, True), (1, False)])
def test_independent_steps_run_side_by_side_up_to_the_limit(
    sagemaker: SageMaker, most: int, overlap: bool
) -> None:
    sagemaker.put("in/a", "a")
    met = sagemaker.folder / "met"
    met.mkdir()
    image = sagemaker.image("meet", MEET.format(met=str(met), number=most))
    steps = [
        {
            "Name": name,
            "Type": "Processing",
            "Arguments": processing(sagemaker, image, "s3://data/in", "input", "out", "s3://data/out"),
        }
        for name in ("A", "B")
    ]
    limit = {"MaxParallelExecutionSteps": most}
    execution, found = run(sagemaker, *steps, ParallelismConfiguration=limit)
    assert execution["PipelineExecutionStatus"] == "Succeeded", found
    first, second = sorted(found.values(), key=lambda step: step["StartTime"])
    assert (second["StartTime"] < first["EndTime"]) is overlap


def test_only_what_a_retry_policy_names_is_tried_again() -> None:
    policy = {
        "ExceptionType": ["Step.THROTTLING"],
        "IntervalSeconds": 2,
        "BackoffRate": 3.0,
        "MaxAttempts": 2,
    }
    policies = [policy]
    assert retry_pause(policies, "Step.THROTTLING", 1) == 2
    assert retry_pause(policies, "Step.THROTTLING", 2) == 6
    assert retry_pause(policies, "Step.THROTTLING", 3) is None
    assert retry_pause(policies, "SageMaker.RESOURCE_LIMIT", 1) is None
    assert retry_pause(policies, StepFailed("no kind").kind, 1) is None


def test_what_changes_no_result_is_no_part_of_the_cache_key() -> None:
    step = parse(document(training())).steps["Train"]
    key = cache_key(step, {"HyperParameters": {"depth": "5"}, "OutputDataConfig": {"S3OutputPath": "s3://a"}})
    other_output = {"HyperParameters": {"depth": "5"}, "OutputDataConfig": {"S3OutputPath": "s3://b"}}
    assert cache_key(step, other_output) == key
    assert cache_key(step, {"HyperParameters": {"depth": "6"}}) != key
