"""Carries out one step of a pipeline execution as its role; the executor decides when, and what follows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.runtime import runtime
from localaws.services.sagemaker import jobs
from localaws.services.sagemaker.definition import (
    CREATE_OPERATIONS,
    NAME_ARGUMENTS,
    Step,
)
from localaws.services.sagemaker.expressions import ExpressionError, Scope, holds, resolve
from localaws.services.sagemaker.resources import LOCK, Region, suffix

JOB_TABLES = {"Processing": "processing_jobs", "Training": "training_jobs"}
JOB_NAME_LENGTH = 63
CACHED_ARGUMENTS = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations", "Environment",
        "HyperParameters", "InputDataConfig",
    ),
}  # fmt: skip
DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}


@dataclass
class StepState:
    """How far a step has come in one execution.

    Attributes
    ----------
    properties
        What other steps may refer to, once it has succeeded.
    outcome
        Of a condition.
    job
        The running job, so that it can be stopped.
    cached_from
        ARN of the execution whose result was taken.
    """

    status: str = "Starting"
    started: datetime | None = None
    ended: datetime | None = None
    attempts: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    outcome: bool | None = None
    cached_from: str = ""
    job: jobs.Job | None = None


class StepFailed(Exception):
    """The step ends as Failed.

    Parameters
    ----------
    reason
        Becomes its FailureReason.
    kind
        What retry policies call it; empty when none covers it.
    """

    def __init__(self, reason: str, kind: str = "") -> None:
        super().__init__(reason)
        self.kind = kind


class StepStopped(Exception):
    """The step's job was stopped with its execution."""


@dataclass(frozen=True)
class StepContext:
    """What a step needs of its execution."""

    region: Region
    role: str
    execution_id: str
    execution_arn: str
    scope: Scope


def carry_out(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    """Do what the step says with its resolved ``arguments``; fill ``state``, raise `StepFailed` if it fails."""
    if step.type in JOB_TABLES:
        _run_job(step, arguments, state, context)
    elif step.type == "RegisterModel":
        _register(arguments, state, context)
    elif step.type == "Model":
        _create_model(step, arguments, state, context)
    elif step.type == "Lambda":
        _invoke(step, arguments, state, context)
    elif step.type == "Fail":
        message = str(arguments["ErrorMessage"])
        state.metadata = {"Fail": {"ErrorMessage": message}}
        raise StepFailed(message)


def decide(step: Step, state: StepState, scope: Scope) -> None:
    """Evaluate a condition step: all its conditions must hold."""
    try:
        state.outcome = all(holds(condition, scope) for condition in step.arguments.get("Conditions", ()))
    except ExpressionError as error:
        raise StepFailed(f"ClientError: {error}") from error
    state.metadata = {"Condition": {"Outcome": str(state.outcome)}}


def resolved(step: Step, scope: Scope) -> dict[str, Any]:
    """Return the step's arguments with every expression replaced."""
    try:
        arguments: dict[str, Any] = resolve(step.arguments, scope)
    except ExpressionError as error:
        raise StepFailed(f"ClientError: {error}") from error
    return arguments


def cache_key(step: Step, arguments: Mapping[str, Any]) -> str:
    """Return what must be equal for an earlier result to be taken; empty for a type that is not cached."""
    counted = CACHED_ARGUMENTS.get(step.type)
    if counted is None:
        return ""
    content = {name: arguments[name] for name in counted if name in arguments}
    text = json.dumps([step.name, step.type, content], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def duration(text: str) -> timedelta:
    """Return an ISO 8601 duration such as ``P30D``."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise StepFailed(f"ClientError: {text} is not an ISO 8601 duration")
    parts = {name: int(value) for name, value in match.groupdict().items() if value}
    days = sum(parts.pop(name, 0) * length for name, length in DAYS.items())
    return timedelta(days=days, **parts)


def _run_job(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    name = _made_name(step, arguments, context)
    request = {**arguments, NAME_ARGUMENTS[step.type]: name, "Tags": _tags(step, arguments, context)}
    answer = _call(context, CREATE_OPERATIONS[step.type], request)
    kind = f"{step.type}Job"
    state.metadata = {kind: {"Arn": answer[f"{kind}Arn"]}}
    job: jobs.Job = context.region.table(JOB_TABLES[step.type])[name]
    with LOCK:
        state.job = job
        stopping = state.status == "Stopping"
    if stopping:
        jobs.stop(job)
    job.finished.wait()
    state.properties = job.detail
    status = job.detail[f"{kind}Status"]
    if status == "Completed":
        return
    if state.status == "Stopping":
        raise StepStopped
    reason = job.detail.get("FailureReason", f"the job ended as {status}")
    internal = reason.startswith("InternalServerError")
    raise StepFailed(f"ClientError: {reason}", "SageMaker.JOB_INTERNAL_ERROR" if internal else "")


def _register(arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    generated = {"GeneratedBy": context.execution_arn, **arguments.get("MetadataProperties", {})}
    arn = _call(context, "CreateModelPackage", {**arguments, "MetadataProperties": generated})[
        "ModelPackageArn"
    ]
    state.metadata = {"RegisterModel": {"Arn": arn}}
    state.properties = _call(context, "DescribeModelPackage", {"ModelPackageName": arn})


def _create_model(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    name = _made_name(step, arguments, context)
    request = {**arguments, "ModelName": name, "Tags": _tags(step, arguments, context)}
    state.metadata = {"Model": {"Arn": _call(context, "CreateModel", request)["ModelArn"]}}
    state.properties = _call(context, "DescribeModel", {"ModelName": name})


def _invoke(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    function = str(resolve(step.raw["FunctionArn"], context.scope))
    client = runtime().client("lambda", context.region.name, context.role)
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(arguments).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
    except (ClientError, BotoCoreError, ValueError) as error:
        raise StepFailed(f"ClientError: Failed to invoke lambda function {function}. {error}") from error
    if "FunctionError" in answer:
        raise StepFailed(f"ClientError: Lambda function {function} failed: {json.dumps(payload)}")
    outputs = {item["OutputName"]: item for item in step.raw.get("OutputParameters", ())}
    missing = sorted(set(outputs) - set(payload or {}))
    if missing:
        raise StepFailed(f"ClientError: Lambda function {function} did not return the outputs {missing}.")
    values = {name: payload[name] for name in outputs}
    shown = [{"Name": name, "Value": str(value)} for name, value in values.items()]
    state.metadata = {"Lambda": {"Arn": function, "OutputParameters": shown}}
    state.properties = {"OutputParameters": values}


def _call(context: StepContext, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    client = runtime().client("sagemaker", context.region.name, context.role)
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    try:
        answer: dict[str, Any] = getattr(client, method)(**request)
    except (ClientError, BotoCoreError) as error:
        raise StepFailed(
            f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {_said(error)}",
            _kind(error),
        ) from error
    return answer


def _said(error: Exception) -> str:
    return str(error.response["Error"]["Message"]) if isinstance(error, ClientError) else str(error)


def _kind(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return ""
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "ResourceLimitExceeded":
        return "SageMaker.RESOURCE_LIMIT"
    if "Throttl" in code:
        return "Step.THROTTLING"
    return "Step.SERVICE_FAULT" if status >= 500 else ""


def _made_name(step: Step, arguments: Mapping[str, Any], context: StepContext) -> str:
    end = suffix(10)
    prefix = arguments.get(NAME_ARGUMENTS[step.type])
    start = f"{prefix}-{context.execution_id}" if prefix else f"pipelines-{context.execution_id}-{step.name}"
    safe = re.sub(r"[^A-Za-z0-9-]", "-", start)[: JOB_NAME_LENGTH - len(end) - 1].rstrip("-")
    return f"{safe}-{end}"


def _tags(step: Step, arguments: Mapping[str, Any], context: StepContext) -> list[dict[str, str]]:
    return [
        *arguments.get("Tags", []),
        {"Key": "sagemaker:pipeline-execution-arn", "Value": context.execution_arn},
        {"Key": "sagemaker:pipeline-step-name", "Value": step.name},
    ]
