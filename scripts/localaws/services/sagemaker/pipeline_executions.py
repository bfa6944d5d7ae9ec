"""Executions of pipelines by API: started, stopped, retried and looked at; the executor runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ConflictException, ResourceNotFound, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker.executor import Execution, Executor, Pipeline, set_status, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.pipelines import executions_of, find_pipeline
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now, suffix
from localaws.services.sagemaker.selective import select
from localaws.services.sagemaker.step_state import StepState

EXECUTION_ID_LENGTH = 12


def start_pipeline_execution(request: Request) -> dict[str, Any]:
    """Start an execution; the same ClientRequestToken starts it once."""
    region, params = Region(request.account, request.region), request.params
    for option in ("PipelineVersionId", "PipelineVersionAlias", "RoleArn"):
        if option in params:
            raise ValidationError(f"localaws does not support {option} of StartPipelineExecution.")
    pipeline = find_pipeline(region, params["PipelineName"])
    with LOCK:
        token = params["ClientRequestToken"]
        if token in pipeline.tokens:
            return {"PipelineExecutionArn": pipeline.tokens[token]}
        execution = _new_execution(region, pipeline, request)
        region.table("pipeline_executions")[execution.arn] = execution
        pipeline.tokens[token] = execution.arn
        pipeline.detail["LastRunTime"] = execution.created
    set_status(region, pipeline, execution, "Executing")
    runtime().spawn(f"execution {execution.name}", Executor(region, pipeline, execution).run)
    return {"PipelineExecutionArn": execution.arn}


def stop_pipeline_execution(request: Request) -> dict[str, Any]:
    """Ask a running execution to stop."""
    region = Region(request.account, request.region)
    execution = _execution(request)
    with LOCK:
        if execution.status != "Executing":
            raise ConflictException(
                f"Pipeline execution with ARN {execution.arn} is {execution.status} and cannot be stopped."
            )
    stop(region, _of(execution), execution)
    return {"PipelineExecutionArn": execution.arn}


def retry_pipeline_execution(request: Request) -> dict[str, Any]:
    """Run what has not succeeded of a failed or stopped execution."""
    region = Region(request.account, request.region)
    execution = _execution(request)
    with LOCK:
        if execution.status not in ("Failed", "Stopped"):
            raise ConflictException(
                f"Pipeline execution with ARN {execution.arn} is {execution.status}: only a failed or stopped "
                "one can be retried."
            )
        execution.steps = {n: state for n, state in execution.steps.items() if state.status == "Succeeded"}
        if "ParallelismConfiguration" in request.params:
            execution.change(ParallelismConfiguration=request.params["ParallelismConfiguration"])
        set_status(region, _of(execution), execution, "Executing")
    runtime().spawn(f"execution {execution.name}", Executor(region, _of(execution), execution).run)
    return {"PipelineExecutionArn": execution.arn}


def describe_pipeline_execution(request: Request) -> dict[str, Any]:
    """Return an execution's status."""
    return dict(_execution(request).detail)


def update_pipeline_execution(request: Request) -> dict[str, Any]:
    """Change an execution's name, description or parallelism."""
    execution = _execution(request)
    names = ("PipelineExecutionDisplayName", "PipelineExecutionDescription", "ParallelismConfiguration")
    execution.change(**{name: request.params[name] for name in names if name in request.params})
    return {"PipelineExecutionArn": execution.arn}


def list_pipeline_executions(request: Request) -> dict[str, Any]:
    """Return a page of a pipeline's executions, newest first."""
    region = Region(request.account, request.region)
    executions = executions_of(region, find_pipeline(region, request.params["PipelineName"]))
    return listed(
        request.params, executions, "PipelineExecutionSummaries", _execution_summary, order="Descending"
    )


def list_pipeline_execution_steps(request: Request) -> dict[str, Any]:
    """Return the steps that have begun, the latest first."""
    execution = _execution(request)
    with LOCK:
        begun = [
            Resource(name, f"{index:05}", {"CreationTime": execution.created, "Step": (name, state)})
            for index, (name, state) in enumerate(execution.steps.items())
        ]
    return listed(
        {**request.params, "SortBy": "Name"},
        begun,
        "PipelineExecutionSteps",
        lambda entry: _step_summary(execution, *entry.detail["Step"]),
        order="Descending",
    )


def list_pipeline_parameters_for_execution(request: Request) -> dict[str, Any]:
    """Return the parameters that an execution runs with."""
    values = _execution(request).values
    return {"PipelineParameters": [{"Name": name, "Value": _text(value)} for name, value in values.items()]}


def describe_pipeline_definition_for_execution(request: Request) -> dict[str, Any]:
    """Return the definition that an execution began with."""
    execution = _execution(request)
    return {"PipelineDefinition": execution.definition_text, "CreationTime": execution.created}


def _step_summary(execution: Execution, name: str, state: StepState) -> dict[str, Any]:
    raw = execution.definition.steps[name].raw
    summary = {
        "StepName": name,
        "StepDisplayName": raw.get("DisplayName"),
        "StepDescription": raw.get("Description"),
        "StartTime": state.started,
        "EndTime": state.ended,
        "StepStatus": state.status,
        "AttemptCount": state.attempts,
        "FailureReason": state.reason or None,
        "Metadata": state.metadata,
    }
    if state.reused_from:
        summary["SelectiveExecutionResult"] = {"SourcePipelineExecutionArn": state.reused_from}
    if state.cached_from:
        summary["CacheHitResult"] = {"SourcePipelineExecutionArn": state.cached_from}
    return {key: value for key, value in summary.items() if value is not None}


def _new_execution(region: Region, pipeline: Pipeline, request: Request) -> Execution:
    params = request.params
    given = {item["Name"]: item["Value"] for item in params.get("PipelineParameters", ())}
    identifier, moment = suffix(EXECUTION_ID_LENGTH), now()
    arn = f"{pipeline.arn}/execution/{identifier}"
    who = {"IamIdentity": {"Arn": request.caller_arn}}
    detail = {
        "PipelineArn": pipeline.arn,
        "PipelineExecutionArn": arn,
        "PipelineExecutionDisplayName": params.get(
            "PipelineExecutionDisplayName", f"execution-{int(moment.timestamp() * 1000)}"
        ),
        "CreationTime": moment,
        "LastModifiedTime": moment,
        "CreatedBy": who,
        "LastModifiedBy": who,
        "RoleArn": pipeline.detail["RoleArn"],
    }
    parallelism = params.get("ParallelismConfiguration", pipeline.detail.get("ParallelismConfiguration"))
    if parallelism:
        detail["ParallelismConfiguration"] = parallelism
    if "PipelineExecutionDescription" in params:
        detail["PipelineExecutionDescription"] = params["PipelineExecutionDescription"]
    config = params.get("SelectiveExecutionConfig")
    if config:
        detail["SelectiveExecutionConfig"] = config
    source_arn, source = _source(region, pipeline, config or {})
    selection = select(config, pipeline.definition, source_arn, source)
    return Execution(
        arn,
        identifier,
        detail,
        list(pipeline.tags),
        pipeline,
        pipeline.definition,
        pipeline.detail["PipelineDefinition"],
        pipeline.definition.values(given),
        dict(selection.reused),
        selection,
    )


def _source(
    region: Region, pipeline: Pipeline, config: Mapping[str, Any]
) -> tuple[str, Mapping[str, StepState]]:
    """Return the execution whose results a selective execution takes, and its steps."""
    arn = config.get("SourcePipelineExecutionArn", "")
    if not arn:
        return "", {}
    source: Execution | None = region.table("pipeline_executions").get(arn)
    if source is None or source.pipeline is not pipeline:
        raise ValidationError(f"The source pipeline execution {arn} is none of the pipeline {pipeline.name}.")
    return arn, source.steps


def _execution(request: Request) -> Execution:
    arn = request.params.get("PipelineExecutionArn", "")
    execution: Execution | None = (
        Region(request.account, request.region).table("pipeline_executions").get(arn)
    )
    if execution is None:
        raise ResourceNotFound(f"PipelineExecution '{arn}' does not exist.")
    return execution


def _of(execution: Execution) -> Pipeline:
    if execution.pipeline is None:
        raise RuntimeError(f"execution {execution.arn} has no pipeline")
    return execution.pipeline


def _execution_summary(execution: Execution) -> dict[str, Any]:
    detail = execution.detail
    summary = {
        "PipelineExecutionArn": execution.arn,
        "StartTime": execution.created,
        "PipelineExecutionStatus": execution.status,
        "PipelineExecutionDisplayName": detail["PipelineExecutionDisplayName"],
        "PipelineExecutionDescription": detail.get("PipelineExecutionDescription"),
        "PipelineExecutionFailureReason": detail.get("FailureReason"),
    }
    return {key: value for key, value in summary.items() if value is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


OPERATIONS: dict[str, Operation] = {
    "StartPipelineExecution": start_pipeline_execution,
    "StopPipelineExecution": stop_pipeline_execution,
    "RetryPipelineExecution": retry_pipeline_execution,
    "DescribePipelineExecution": describe_pipeline_execution,
    "UpdatePipelineExecution": update_pipeline_execution,
    "ListPipelineExecutions": list_pipeline_executions,
    "ListPipelineExecutionSteps": list_pipeline_execution_steps,
    "ListPipelineParametersForExecution": list_pipeline_parameters_for_execution,
    "DescribePipelineDefinitionForExecution": describe_pipeline_definition_for_execution,
}
