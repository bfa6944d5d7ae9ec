"""Carries out one step of a pipeline execution as its role; the executor decides when, and what follows."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.services.sagemaker import jobs
from localaws.services.sagemaker.callbacks import wait_for_answer
from localaws.services.sagemaker.definition import Step
from localaws.services.sagemaker.expressions import ExpressionError, Scope, holds, resolve
from localaws.services.sagemaker.resources import suffix
from localaws.services.sagemaker.step_state import (
    StepContext,
    StepFailed,
    StepState,
    StepStopped,
    output_parameters,
)
from localaws.services.sagemaker.step_types import CALLS, CallType, JobType

JOB_NAME_LENGTH = 63
OWN_NAME = "<the job's name>"
"""Stands in a step's arguments for the name of its job until that is made up."""
TOP_TRAINING_JOBS = 50
DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}


def carry_out(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    """Do what the step says with its resolved ``arguments``; fill ``state``, raise `StepFailed` if it fails."""
    call = CALLS.get(step.type)
    if call is not None and call.job is not None:
        _run_job(step, arguments, state, context, call, call.job)
    elif step.type == "RegisterModel":
        _register(arguments, state, context)
    elif step.type == "Model":
        _create_model(step, arguments, state, context)
    elif step.type == "Lambda":
        _invoke(step, arguments, state, context)
    elif step.type == "Callback":
        wait_for_answer(step, arguments, state, context)
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
    call = CALLS.get(step.type)
    if call is None or call.job is None:
        return ""
    content = {
        name: {part: arguments[name][part] for part in parts if part in arguments[name]}
        if parts
        else arguments[name]
        for name, parts in call.job.cached.items()
        if name in arguments
    }
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


def _run_job(
    step: Step,
    arguments: Mapping[str, Any],
    state: StepState,
    context: StepContext,
    call: CallType,
    kind: JobType,
) -> None:
    name = _made_name(step, arguments, context)
    own = {**arguments, call.name_argument: name, "Tags": _tags(step, arguments, context)}
    request: dict[str, Any] = _with_name(own, name)
    answer = context.call(call.create, request)
    state.metadata = {kind.metadata: {"Arn": answer[f"{kind.noun}Arn"]}}
    job: jobs.Job = context.region.table(kind.table)[name]
    state.stop_by(functools.partial(jobs.stop, job))
    job.finished.wait()
    for operation in call.describe:
        state.properties |= context.look(operation, {call.name_argument: name, **_order(operation, state)})
    if call.added:
        state.properties[call.added.name] = call.added.make(state.properties)
    status = state.properties[f"{kind.noun}Status"]
    if status == "Completed":
        return
    if state.status == "Stopping":
        raise StepStopped
    reason = state.properties.get("FailureReason", f"the job ended as {status}")
    internal = reason.startswith("InternalServerError")
    raise StepFailed(f"ClientError: {reason}", "SageMaker.JOB_INTERNAL_ERROR" if internal else "")


def _with_name(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_name(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_name(item, name) for item in value]
    return value.replace(OWN_NAME, name) if isinstance(value, str) else value


def _order(operation: str, state: StepState) -> dict[str, Any]:
    """Return what lets a tuning step's training jobs be found by their place, the best at 0."""
    if operation != "ListTrainingJobsForHyperParameterTuningJob":
        return {}
    objective = state.properties["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["Type"]
    order = "Descending" if objective == "Maximize" else "Ascending"
    return {"SortBy": "FinalObjectiveMetricValue", "SortOrder": order, "MaxResults": TOP_TRAINING_JOBS}


def _register(arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    generated = {"GeneratedBy": context.execution_arn, **arguments.get("MetadataProperties", {})}
    arn = context.call("CreateModelPackage", {**arguments, "MetadataProperties": generated})[
        "ModelPackageArn"
    ]
    state.metadata = {"RegisterModel": {"Arn": arn}}
    state.properties = context.call("DescribeModelPackage", {"ModelPackageName": arn})


def _create_model(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    name = _made_name(step, arguments, context)
    request = {**arguments, "ModelName": name, "Tags": _tags(step, arguments, context)}
    state.metadata = {"Model": {"Arn": context.call("CreateModel", request)["ModelArn"]}}
    state.properties = context.call("DescribeModel", {"ModelName": name})


def _invoke(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    function = str(resolve(step.raw["FunctionArn"], context.scope))
    client = context.client("lambda")
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
    state.metadata = {"Lambda": {"Arn": function, "OutputParameters": output_parameters(values)}}
    state.properties = {"OutputParameters": values}


def _made_name(step: Step, arguments: Mapping[str, Any], context: StepContext) -> str:
    call, end = CALLS[step.type], suffix(10)
    prefix = arguments.get(call.name_argument)
    start = f"{prefix}-{context.execution_id}" if prefix else f"{context.execution_id}-{step.name}"
    if call.name_length == JOB_NAME_LENGTH and not prefix:
        start = f"pipelines-{start}"
    safe = re.sub(r"[^A-Za-z0-9-]", "-", start)[: call.name_length - len(end) - 1].rstrip("-")
    return f"{safe}-{end}"


def _tags(step: Step, arguments: Mapping[str, Any], context: StepContext) -> list[dict[str, str]]:
    return [
        *arguments.get("Tags", []),
        {"Key": "sagemaker:pipeline-execution-arn", "Value": context.execution_arn},
        {"Key": "sagemaker:pipeline-step-name", "Value": step.name},
    ]
