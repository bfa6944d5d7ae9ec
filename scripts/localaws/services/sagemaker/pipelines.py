"""Pipelines by API: their definitions are checked when they come in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ConflictException, ResourceNotFound, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker.definition import Definition, parse
from localaws.services.sagemaker.executor import Execution, Pipeline
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, now
from localaws.services.sagemaker.roles import require_role
from localaws.services.sagemaker.storage import Bucket, StorageError


def create_pipeline(request: Request) -> dict[str, Any]:
    """Make a pipeline from a definition that can run."""
    region, params = Region(request.account, request.region), request.params
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
    region, params = Region(request.account, request.region), request.params
    pipeline = find_pipeline(region, params["PipelineName"])
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
    region = Region(request.account, request.region)
    pipeline = find_pipeline(region, request.params["PipelineName"])
    with LOCK:
        executions = executions_of(region, pipeline)
        if any(execution.status in ("Executing", "Stopping") for execution in executions):
            raise ConflictException(f"Pipeline {pipeline.arn} has running executions: stop them first.")
        for execution in executions:
            region.table("pipeline_executions").pop(execution.arn, None)
        region.table("pipelines").pop(pipeline.name, None)
    return {"PipelineArn": pipeline.arn}


def describe_pipeline(request: Request) -> dict[str, Any]:
    """Return a pipeline and its definition."""
    return dict(find_pipeline(Region(request.account, request.region), request.params["PipelineName"]).detail)


def list_pipelines(request: Request) -> dict[str, Any]:
    """Return a page of pipelines."""
    prefix = request.params.get("PipelineNamePrefix", "")
    pipelines = [
        p
        for p in Region(request.account, request.region).table("pipelines").values()
        if p.name.startswith(prefix)
    ]
    return listed(request.params, pipelines, "PipelineSummaries", _pipeline_summary, order="Descending")


def find_pipeline(region: Region, name_or_arn: str) -> Pipeline:
    """Return a pipeline by its name or ARN."""
    name = re.sub(r"^arn:.*:pipeline/", "", name_or_arn)
    pipeline: Pipeline | None = region.table("pipelines").get(name)
    if pipeline is None:
        raise ResourceNotFound(f"Pipeline '{region.arn('pipeline', name)}' does not exist.")
    return pipeline


def executions_of(region: Region, pipeline: Pipeline) -> list[Execution]:
    """Return a pipeline's executions."""
    return [e for e in region.table("pipeline_executions").values() if e.pipeline is pipeline]


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


def _pipeline_summary(pipeline: Pipeline) -> dict[str, Any]:
    names = (
        "PipelineArn", "PipelineName", "PipelineDisplayName", "PipelineDescription", "RoleArn", "CreationTime",
        "LastModifiedTime",
    )  # fmt: skip
    summary = {name: pipeline.detail[name] for name in names if name in pipeline.detail}
    if "LastRunTime" in pipeline.detail:
        summary["LastExecutionTime"] = pipeline.detail["LastRunTime"]
    return summary


OPERATIONS: dict[str, Operation] = {
    "CreatePipeline": create_pipeline,
    "UpdatePipeline": update_pipeline,
    "DeletePipeline": delete_pipeline,
    "DescribePipeline": describe_pipeline,
    "ListPipelines": list_pipelines,
}
