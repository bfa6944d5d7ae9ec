"""Runs a pipeline execution: steps in parallel as their needs are met, until all have ended or one has failed."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.definition import OWN_NAMES, Definition, Step
from localaws.services.sagemaker.expressions import ExpressionError
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.selective import Selection
from localaws.services.sagemaker.step_state import StepContext, StepFailed, StepState, StepStopped
from localaws.services.sagemaker.steps import OWN_NAME, cache_key, carry_out, decide, duration, resolved
from localaws.services.sagemaker.storage import Bucket, StorageError

RUNNING = ("Starting", "Executing", "Stopping")
FAILED = "Step failure: One or multiple steps failed."


@dataclass(frozen=True)
class CachedResult:
    """What a step came to in an earlier execution."""

    execution_arn: str
    at: datetime
    metadata: dict[str, Any]
    properties: dict[str, Any]


@dataclass(eq=False)
class Pipeline(Resource):
    """A pipeline.

    Attributes
    ----------
    definition
        As parsed.
    tokens
        ClientRequestToken -> ARN of the execution that it started.
    cache
        Results of successful steps by cache key.
    """

    definition: Definition = field(default_factory=lambda: Definition({}, {}))
    tokens: dict[str, str] = field(default_factory=dict)
    cache: dict[str, CachedResult] = field(default_factory=dict)


@dataclass(eq=False)
class Execution(Resource):
    """One execution; it keeps the definition it began with.

    Attributes
    ----------
    values
        Parameters, as the steps see them.
    given
        Parameters, as the caller gave them or their defaults, for the API.
    steps
        The steps that have begun.
    selection
        Which steps run.
    """

    pipeline: Pipeline | None = None
    definition: Definition = field(default_factory=lambda: Definition({}, {}))
    definition_text: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, StepState] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(LOCK))

    @property
    def status(self) -> str:
        """PipelineExecutionStatus."""
        return str(self.detail["PipelineExecutionStatus"])


class Executor:
    """Runs one execution, from its beginning or from where a retry finds it.

    Parameters
    ----------
    region, pipeline, execution
        What to run.
    """

    def __init__(self, region: Region, pipeline: Pipeline, execution: Execution) -> None:
        self._region = region
        self._pipeline = pipeline
        self._execution = execution
        self._definition = execution.definition
        self._changed = execution.changed
        self.parameters: Mapping[str, Any] = execution.values
        self._context = StepContext(region, execution.detail["RoleArn"], execution.name, execution.arn, self)

    @property
    def execution(self) -> Mapping[str, Any]:
        """The values of ``Execution.*``."""
        return {
            "PipelineExecutionId": self._execution.name,
            "PipelineExecutionArn": self._execution.arn,
            "PipelineName": self._pipeline.name,
            "PipelineArn": self._pipeline.arn,
            "StartDateTime": notices.iso(self._execution.created),
            "CurrentDateTime": notices.iso(now()),
            **dict.fromkeys(OWN_NAMES.values(), OWN_NAME),
        }

    def properties(self, step: str) -> Mapping[str, Any]:
        """Return what a step that has succeeded came to."""
        return self._execution.steps[step].properties

    def property_file(self, step: str, name: str) -> Any:
        """Return a property file, read from where its step's output went."""
        file = self._definition.steps[step].property_files[name]
        outputs = self.properties(step).get("ProcessingOutputConfig", {}).get("Outputs", [])
        uris = [o["S3Output"]["S3Uri"] for o in outputs if o["OutputName"] == file["OutputName"]]
        if not uris:
            raise ExpressionError(f"step {step} has no output {file['OutputName']}")
        return self.json_object(f"{uris[0].rstrip('/')}/{file['FilePath'].lstrip('/')}")

    def json_object(self, uri: str) -> Any:
        """Return the JSON of an S3 object."""
        bucket = Bucket(runtime().client("s3", self._region.name, self._context.role))
        try:
            return json.loads(bucket.read(uri))
        except (StorageError, ValueError) as error:
            raise ExpressionError(f"cannot read {uri}: {error}") from error

    def run(self) -> None:
        """Run to the end, and set the execution's final status."""
        most = self._execution.detail.get("ParallelismConfiguration", {}).get(
            "MaxParallelExecutionSteps", 1000
        )
        with self._changed:
            while True:
                running = sum(state.status in RUNNING for state in self._execution.steps.values())
                ready = self._ready()
                for step in ready[: max(0, most - running)]:
                    self._begin(step)
                if not ready and not running:
                    break
                self._changed.wait()
        self._end()

    def _ready(self) -> list[Step]:
        states = self._execution.steps
        if self._execution.status != "Executing" or any(s.status == "Failed" for s in states.values()):
            return []
        return [step for step in self._definition.steps.values() if self._may_begin(step)]

    def _may_begin(self, step: Step) -> bool:
        states = self._execution.steps
        if step.name in states or not self._execution.selection.runs(step):
            return False
        if any(need not in states or states[need].status != "Succeeded" for need in step.needs):
            return False
        return step.branch is None or states[step.branch.condition].outcome == step.branch.outcome

    def _begin(self, step: Step) -> None:
        state = StepState(status="Executing", started=now())
        self._execution.steps[step.name] = state
        self._announce(step, state, "Starting")
        runtime().spawn(f"step {step.name}", functools.partial(self._run_step, step, state))

    def _run_step(self, step: Step, state: StepState) -> None:
        status, reason = "Failed", "InternalServerError: We encountered an internal error. Please try again."
        try:
            self._attempt(step, state)
            status, reason = "Succeeded", ""
        except StepFailed as error:
            reason = str(error)
        except StepStopped:
            status, reason = "Stopped", ""
        finally:
            with self._changed:
                before = state.status
                state.status, state.reason, state.ended, state.stop = status, reason, now(), None
                self._changed.notify_all()
                self._announce(step, state, before)

    def _attempt(self, step: Step, state: StepState) -> None:
        if step.type == "Condition":
            return decide(step, state, self)
        arguments = resolved(step, self)
        key = cache_key(step, arguments)
        if self._from_cache(step, key, state):
            return None
        self._with_retries(step, arguments, state)
        if key:
            with LOCK:
                result = CachedResult(self._execution.arn, now(), state.metadata, state.properties)
                self._pipeline.cache[key] = result
        return None

    def _from_cache(self, step: Step, key: str, state: StepState) -> bool:
        config = step.raw.get("CacheConfig", {})
        with LOCK:
            result = self._pipeline.cache.get(key) if config.get("Enabled") else None
        if result is None:
            return False
        if "ExpireAfter" in config and now() - result.at > duration(config["ExpireAfter"]):
            return False
        state.cached_from = result.execution_arn
        state.metadata, state.properties = result.metadata, result.properties
        return True

    def _with_retries(self, step: Step, arguments: Mapping[str, Any], state: StepState) -> None:
        while True:
            state.attempts += 1
            try:
                return carry_out(step, arguments, state, self._context)
            except StepFailed as error:
                pause = retry_pause(step.raw.get("RetryPolicies", ()), error.kind, state.attempts)
                if pause is None:
                    raise
                with self._changed:
                    if self._changed.wait_for(lambda: state.status == "Stopping", pause):
                        raise StepStopped from error

    def _announce(self, step: Step, state: StepState, before: str) -> None:
        detail: dict[str, Any] = {
            "metadata": _lower_camel(state.metadata),
            "stepStartTime": state.started,
            "stepEndTime": state.ended,
            "stepName": step.name,
            "stepType": step.type,
            "previousStepStatus": before,
            "currentStepStatus": state.status,
            "failureReason": state.reason or None,
            "pipelineArn": self._pipeline.arn,
            "pipelineExecutionArn": self._execution.arn,
        }
        if state.cached_from:
            detail["cacheHitResult"] = {"sourcePipelineExecutionArn": state.cached_from}
        notices.send(
            self._region,
            "SageMaker Model Building Pipeline Execution Step Status Change",
            [self._pipeline.arn, self._execution.arn],
            detail,
            notices.iso,
        )

    def _end(self) -> None:
        with LOCK:
            failed = any(state.status == "Failed" for state in self._execution.steps.values())
            status = "Failed" if failed else "Succeeded"
            if self._execution.status == "Stopping":
                status = "Stopped"
        set_status(self._region, self._pipeline, self._execution, status, FAILED if failed else "")


def set_status(
    region: Region, pipeline: Pipeline, execution: Execution, status: str, reason: str = ""
) -> None:
    """Change an execution's status and send the event."""
    with LOCK:
        before = execution.detail.get("PipelineExecutionStatus")
        execution.detail.pop("FailureReason", None)
        execution.change(PipelineExecutionStatus=status, **({"FailureReason": reason} if reason else {}))
        execution.changed.notify_all()
    ended = status in ("Succeeded", "Failed", "Stopped")
    notices.send(
        region,
        "SageMaker Model Building Pipeline Execution Status Change",
        [pipeline.arn, execution.arn],
        {
            "pipelineExecutionDisplayName": execution.detail["PipelineExecutionDisplayName"],
            "pipelineExecutionDescription": execution.detail.get("PipelineExecutionDescription"),
            "currentPipelineExecutionStatus": status,
            "previousPipelineExecutionStatus": before,
            "executionStartTime": execution.created,
            "executionEndTime": execution.modified if ended else None,
            "pipelineArn": pipeline.arn,
            "pipelineExecutionArn": execution.arn,
        },
        notices.iso,
    )


def stop(region: Region, pipeline: Pipeline, execution: Execution) -> None:
    """Stop an execution: what its running steps wait for is stopped, no step begins."""
    with LOCK:
        running = [state for state in execution.steps.values() if state.status == "Executing"]
        for state in running:
            state.status = "Stopping"
    set_status(region, pipeline, execution, "Stopping")
    for state in running:
        if state.stop is not None:
            state.stop()


def retry_pause(policies: Sequence[Mapping[str, Any]], kind: str, attempts: int) -> float | None:
    """Return how many seconds to wait before the next attempt, None when there is to be none."""
    for policy in policies:
        if kind and kind in policy.get("ExceptionType", ()):
            if attempts > policy.get("MaxAttempts", 5):
                return None
            pause: float = policy.get("IntervalSeconds", 1) * policy.get("BackoffRate", 2.0) ** (attempts - 1)
            return pause
    return None


def _lower_camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: _lower_camel(item) for key, item in value.items()}
    return [_lower_camel(item) for item in value] if isinstance(value, list) else value
