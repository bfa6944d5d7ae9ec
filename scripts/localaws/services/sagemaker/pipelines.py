"""SageMaker Pipelines' API: definitions are checked here, executions are handed to the executor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ConflictException, ResourceNotFound, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker.definition import Definition, parse
from localaws.services.sagemaker.executor import Execution, Executor, Pipeline, set_status, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now, suffix
from localaws.services.sagemaker.roles import require_role
from localaws.services.sagemaker.step_state import StepState
from localaws.services.sagemaker.storage import Bucket, StorageError

EXECUTION_ID_LENGTH = 12


def create_pipeline(request: Request) -> dict[str, Any]:
    """Make a pipeline from a definition that can run."""
    region, params = _region(request), request.params
    name = params["PipelineName"]
    require_role(region, params["RoleArn"])
    text = _definition_text(region, params, params["RoleArn"])
    definition = parse(text)
    arn, moment = region.arn("pipeline", name), now()
    who = {"IamIdentity": {"Arn": request.caller_arn}}
    pipeline = Pipeline(
        arn,
        name,
        {
            **{
                key: params[key]
                for key in ("PipelineDescription", "ParallelismConfiguration")
                if key in params
            },
            "PipelineArn": arn,
            "PipelineName": name,
            "PipelineDisplayName": params.get("PipelineDisplayName", name),
            "PipelineDefinition": text,
            "RoleArn": params["RoleArn"],
            "PipelineStatus": "Active",
            "CreationTime": moment,
            "LastModifiedTime": moment,
            "CreatedBy": who,
            "LastModifiedBy": who,
        },
        params.get("Tags", []),
        definition,
    )
    with LOCK:
        if name in region.table("pipelines"):
            raise ValidationError(
                "Pipeline names must be unique within an AWS account and region. Pipeline with name "
                f"({name}) already exists."
            )
        region.table("pipelines")[name] = pipeline
    return {"PipelineArn": arn}


def update_pipeline(request: Request) -> dict[str, Any]:
    """Replace definition, role or names; executions that run keep what they began with."""
    region, params = _region(request), request.params
    pipeline = _pipeline(region, params["PipelineName"])
    role = params.get("RoleArn", pipeline.detail["RoleArn"])
    require_role(region, role)
    changes = {
        key: params[key]
        for key in ("PipelineDescription", "PipelineDisplayName", "ParallelismConfiguration", "RoleArn")
        if key in params
    }
    definition: Definition | None = None
    if "PipelineDefinition" in params or "PipelineDefinitionS3Location" in params:
        changes["PipelineDefinition"] = _definition_text(region, params, role)
        definition = parse(changes["PipelineDefinition"])
    with LOCK:
        pipeline.change(**changes, LastModifiedBy={"IamIdentity": {"Arn": request.caller_arn}})
        if definition is not None:
            pipeline.definition = definition
    return {"PipelineArn": pipeline.arn}


def delete_pipeline(request: Request) -> dict[str, Any]:
    """Delete a pipeline that is not running, and its executions."""
    region = _region(request)
    pipeline = _pipeline(region, request.params["PipelineName"])
    with LOCK:
        executions = _executions(region, pipeline)
        if any(execution.status in ("Executing", "Stopping") for execution in executions):
            raise ConflictException(f"Pipeline {pipeline.arn} has running executions: stop them first.")
        for execution in executions:
            region.table("pipeline_executions").pop(execution.arn, None)
        region.table("pipelines").pop(pipeline.name, None)
    return {"PipelineArn": pipeline.arn}


def describe_pipeline(request: Request) -> dict[str, Any]:
    """Return a pipeline and its definition."""
    return dict(_pipeline(_region(request), request.params["PipelineName"]).detail)


def list_pipelines(request: Request) -> dict[str, Any]:
    """Return a page of pipelines."""
    prefix = request.params.get("PipelineNamePrefix", "")
    pipelines = [p for p in _region(request).table("pipelines").values() if p.name.startswith(prefix)]
    return listed(request.params, pipelines, "PipelineSummaries", _pipeline_summary, order="Descending")


def start_pipeline_execution(request: Request) -> dict[str, Any]:
    """Start an execution; the same ClientRequestToken starts it once."""
    region, params = _region(request), request.params
    for option in ("SelectiveExecutionConfig", "PipelineVersionId", "PipelineVersionAlias", "RoleArn"):
        if option in params:
            raise ValidationError(f"localaws does not support {option} of StartPipelineExecution.")
    pipeline = _pipeline(region, params["PipelineName"])
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
    region = _region(request)
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
    region = _region(request)
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
    region = _region(request)
    executions = _executions(region, _pipeline(region, request.params["PipelineName"]))
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
    return Execution(
        arn,
        identifier,
        detail,
        list(pipeline.tags),
        pipeline,
        pipeline.definition,
        pipeline.detail["PipelineDefinition"],
        pipeline.definition.values(given),
    )


def _definition_text(region: Region, params: Mapping[str, Any], role: str) -> str:
    if "PipelineDefinition" in params:
        return str(params["PipelineDefinition"])
    location = params.get("PipelineDefinitionS3Location")
    if location is None:
        raise ValidationError("Either PipelineDefinition or PipelineDefinitionS3Location is required.")
    bucket = Bucket(runtime().client("s3", region.name, role))
    try:
        return bucket.read(f"s3://{location['Bucket']}/{location['ObjectKey']}").decode()
    except StorageError as error:
        raise ValidationError(str(error)) from error


def _pipeline(region: Region, name_or_arn: str) -> Pipeline:
    name = re.sub(r"^arn:.*:pipeline/", "", name_or_arn)
    pipeline: Pipeline | None = region.table("pipelines").get(name)
    if pipeline is None:
        raise ResourceNotFound(f"Pipeline '{region.arn('pipeline', name)}' does not exist.")
    return pipeline


def _execution(request: Request) -> Execution:
    arn = request.params.get("PipelineExecutionArn", "")
    execution: Execution | None = _region(request).table("pipeline_executions").get(arn)
    if execution is None:
        raise ResourceNotFound(f"PipelineExecution '{arn}' does not exist.")
    return execution


def _executions(region: Region, pipeline: Pipeline) -> list[Execution]:
    return [e for e in region.table("pipeline_executions").values() if e.pipeline is pipeline]


def _of(execution: Execution) -> Pipeline:
    if execution.pipeline is None:
        raise RuntimeError(f"execution {execution.arn} has no pipeline")
    return execution.pipeline


def _pipeline_summary(pipeline: Pipeline) -> dict[str, Any]:
    names = (
        "PipelineArn", "PipelineName", "PipelineDisplayName", "PipelineDescription", "RoleArn", "CreationTime",
        "LastModifiedTime",
    )  # fmt: skip
    summary = {name: pipeline.detail[name] for name in names if name in pipeline.detail}
    if "LastRunTime" in pipeline.detail:
        summary["LastExecutionTime"] = pipeline.detail["LastRunTime"]
    return summary


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


def _region(request: Request) -> Region:
    return Region(request.account, request.region)


OPERATIONS: dict[str, Operation] = {
    "CreatePipeline": create_pipeline,
    "UpdatePipeline": update_pipeline,
    "DeletePipeline": delete_pipeline,
    "DescribePipeline": describe_pipeline,
    "ListPipelines": list_pipelines,
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
