"""A build waits for the execution, tells of every step, and fails with the failing step's own reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlpipelines.execution import Execution
from mlpipelines.pipeline_errors import UserError

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/e"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/1"
START = datetime(2026, 11, 21, tzinfo=UTC)


def step(name: str, status: str, seconds: int = 3, **more: Any) -> dict[str, Any]:
    return {
        "StepName": name,
        "StepStatus": status,
        "StartTime": START,
        "EndTime": START + timedelta(seconds=seconds),
        **more,
    }


class FakeSageMaker:
    """Answers each description with the next of the given states; the last one stays."""

    def __init__(self, *states: tuple[str, list[dict[str, Any]]], reason: str = "") -> None:
        self._states = list(states)
        self._reason = reason
        self.started: dict[str, Any] = {}

    def start_pipeline_execution(self, **request: Any) -> Any:
        self.started = request
        return {"PipelineExecutionArn": ARN}

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> Any:
        assert PipelineExecutionArn == ARN
        if len(self._states) > 1:
            self._current = self._states.pop(0)
        else:
            self._current = self._states[0]
        return {"PipelineExecutionStatus": self._current[0], "FailureReason": self._reason}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_pipeline_execution_steps"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        yield from ({"PipelineExecutionSteps": [entry]} for entry in self._current[1])

    def describe_processing_job(self, ProcessingJobName: str) -> Any:
        assert ProcessingJobName == "job-1"
        return {
            "FailureReason": "AlgorithmError: exit code 1",
            "ExitMessage": "row 2, column 'Day Mins': no number",
        }

    def describe_training_job(self, TrainingJobName: str) -> Any:
        assert TrainingJobName == "job-2"
        return {"FailureReason": "AlgorithmError: unknown hyperparameter 'max_deph'"}

    def describe_transform_job(self, TransformJobName: str) -> Any:
        assert TransformJobName == "job-3"
        return {"FailureReason": "ClientError: 406"}

    def describe_hyper_parameter_tuning_job(self, HyperParameterTuningJobName: str) -> Any:
        assert HyperParameterTuningJobName == "job-4"
        return {"FailureReason": "no training succeeded"}


def wait(sagemaker: FakeSageMaker) -> tuple[list[str], list[str], list[float]]:
    told: list[str] = []
    slept: list[float] = []
    execution = Execution(ARN, sagemaker, told.append, slept.append)
    return execution.wait(), told, slept


def test_an_execution_is_started_with_its_parameters() -> None:
    sagemaker = FakeSageMaker(("Executing", []))
    execution = Execution.start(sagemaker, "p", "commit-1", {"InputData": "s3://b/k"}, print)
    assert execution.arn == ARN
    assert sagemaker.started == {
        "PipelineName": "p",
        "PipelineExecutionDisplayName": "commit-1",
        "PipelineParameters": [{"Name": "InputData", "Value": "s3://b/k"}],
    }


def test_every_step_is_told_once_and_the_packages_are_returned() -> None:
    preprocess = step("preprocess", "Succeeded", CacheHitResult={"SourcePipelineExecutionArn": ARN})
    register = step("register", "Succeeded", 1, Metadata={"RegisterModel": {"Arn": PACKAGE}})
    sagemaker = FakeSageMaker(
        ("Executing", [step("preprocess", "Executing")]),
        ("Executing", [preprocess]),
        ("Succeeded", [preprocess, step("train", "Succeeded", 61), register]),
    )
    packages, told, slept = wait(sagemaker)
    assert packages == [PACKAGE]
    assert told == [
        "preprocess: succeeded, taken from an earlier execution",
        "train: succeeded after 61 s",
        "register: succeeded after 1 s",
    ]
    assert slept == [1.0, 1.3]


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        (
            step(
                "preprocess",
                "Failed",
                FailureReason="ClientError",
                Metadata={"ProcessingJob": {"Arn": "a/job-1"}},
            ),
            "preprocess: row 2, column 'Day Mins': no number",
        ),
        (
            step(
                "train", "Failed", FailureReason="ClientError", Metadata={"TrainingJob": {"Arn": "a/job-2"}}
            ),
            "train: AlgorithmError: unknown hyperparameter 'max_deph'",
        ),
        (
            step("score", "Failed", Metadata={"TransformJob": {"Arn": "a/job-3"}}),
            "score: ClientError: 406",
        ),
        (
            step("tune", "Failed", Metadata={"TuningJob": {"Arn": "a/job-4"}}),
            "tune: no training succeeded",
        ),
        (step("fail-quality", "Failed", FailureReason="AUC of 0.8"), "fail-quality: AUC of 0.8"),
        (step("register", "Failed"), "register: no reason is given"),
    ],
)
def test_a_failing_step_fails_the_build_with_its_reason(failed: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError) as raised:
        wait(FakeSageMaker(("Failed", [step("first", "Succeeded"), failed])))
    assert str(raised.value) == f"the pipeline execution ended as Failed:\n{reason}"


def test_an_execution_that_was_stopped_fails_the_build() -> None:
    with pytest.raises(UserError, match="ended as Stopped:\nby hand"):
        wait(FakeSageMaker(("Stopped", []), reason="by hand"))


def test_waiting_grows_longer_up_to_a_limit() -> None:
    states: list[tuple[str, list[dict[str, Any]]]] = [("Executing", [])] * 20
    _, _, slept = wait(FakeSageMaker(*states, ("Succeeded", [])))
    assert slept[0] == 1.0
    assert slept[-1] == 15.0
