"""A SageMaker pipeline in, one finished execution of it out: starts, waits, tells what happens (to `deployment`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlpipelines.pipeline_errors import UserError

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 15.0
WAIT_GROWTH = 1.3
RUNNING = ("Executing", "Stopping")
STEP_OVER = ("Succeeded", "Failed", "Stopped")


@dataclass(frozen=True)
class Execution:
    """A pipeline execution that has been started."""

    arn: str
    sagemaker: Any
    tell: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def start(
        cls,
        sagemaker: Any,
        pipeline: str,
        display_name: str,
        parameters: Mapping[str, str],
        tell: Callable[[str], None],
    ) -> Execution:
        """Start ``pipeline`` with ``parameters``; the others keep their defaults."""
        answer = sagemaker.start_pipeline_execution(
            PipelineName=pipeline,
            PipelineExecutionDisplayName=display_name,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
        )
        return cls(answer["PipelineExecutionArn"], sagemaker, tell)

    def wait(self) -> list[str]:
        """Wait for the end, telling of each step as it finishes; returns the registered model packages' ARNs.

        Raises
        ------
        UserError
            With the failing step's own reason, when the execution did not succeed.
        """
        told: set[str] = set()
        wait = FIRST_WAIT_SECONDS
        while True:
            execution = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=self.arn)
            steps = list(self._steps())
            self._tell_new(steps, told)
            if execution["PipelineExecutionStatus"] not in RUNNING:
                return self._conclude(execution, steps)
            self.sleep(wait)
            wait = min(wait * WAIT_GROWTH, LONGEST_WAIT_SECONDS)

    def _steps(self) -> Iterator[Mapping[str, Any]]:
        pages = self.sagemaker.get_paginator("list_pipeline_execution_steps")
        for page in pages.paginate(PipelineExecutionArn=self.arn, SortOrder="Ascending"):
            yield from page["PipelineExecutionSteps"]

    def _tell_new(self, steps: list[Mapping[str, Any]], told: set[str]) -> None:
        for step in steps:
            if step["StepStatus"] in STEP_OVER and step["StepName"] not in told:
                told.add(step["StepName"])
                self.tell(f"{step['StepName']}: {step['StepStatus'].lower()}{_describe_time(step)}")

    def _conclude(self, execution: Mapping[str, Any], steps: list[Mapping[str, Any]]) -> list[str]:
        status = execution["PipelineExecutionStatus"]
        if status == "Succeeded":
            return list(_package_arns(steps))
        reasons = [self._reason(step) for step in steps if step["StepStatus"] == "Failed"]
        if not reasons:
            reasons = [execution.get("FailureReason") or "no reason is given"]
        raise UserError(f"the pipeline execution ended as {status}:\n" + "\n".join(reasons))

    def _reason(self, step: Mapping[str, Any]) -> str:
        """Return a step's reason; for a job, what the job itself said, which is closer to the cause."""
        reason = step.get("FailureReason", "")
        for kind, operation in (
            ("ProcessingJob", self.sagemaker.describe_processing_job),
            ("TrainingJob", self.sagemaker.describe_training_job),
            ("TransformJob", self.sagemaker.describe_transform_job),
            ("TuningJob", self.sagemaker.describe_hyper_parameter_tuning_job),
        ):
            arn = step.get("Metadata", {}).get(kind, {}).get("Arn")
            if arn:
                name = "HyperParameterTuningJobName" if kind == "TuningJob" else f"{kind}Name"
                job = operation(**{name: arn.rpartition("/")[2]})
                reason = job.get("ExitMessage") or job.get("FailureReason") or reason
        return f"{step['StepName']}: {reason.strip() or 'no reason is given'}"


def _package_arns(steps: list[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        registered = step.get("Metadata", {}).get("RegisterModel", {})
        if "Arn" in registered:
            yield registered["Arn"]


def _describe_time(step: Mapping[str, Any]) -> str:
    if step.get("CacheHitResult"):
        return ", taken from an earlier execution"
    if "StartTime" in step and "EndTime" in step:
        return f" after {(step['EndTime'] - step['StartTime']).total_seconds():.0f} s"
    return ""
