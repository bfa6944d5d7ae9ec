"""Transform jobs by API: a request is checked, the job's run does the rest; callers wait on ``Job.finished``."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker.data_processing import DataProcessing
from localaws.services.sagemaker.hosted_models import containers, find_model
from localaws.services.sagemaker.jobs import Job, find, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, now
from localaws.services.sagemaker.roles import require_role
from localaws.services.sagemaker.transform_run import TransformModel, TransformRun, announce

JOBS = "transform_jobs"
MOST_MEGABYTES = 100


def create_transform_job(request: Request) -> dict[str, Any]:
    """Start a job."""
    region = Region(request.account, request.region)
    params = dict(request.params)
    name = params["TransformJobName"]
    _refuse_unsupported(params)
    processing = DataProcessing.of(
        params.get("DataProcessing", {}),
        params["TransformInput"].get("ContentType", ""),
        params["TransformOutput"].get("Accept", ""),
    )
    model = _model(region, params["ModelName"])
    moment = now()
    arn = region.arn("transform-job", name)
    detail = {
        **{key: value for key, value in params.items() if key != "Tags"},
        "TransformJobArn": arn,
        "TransformJobStatus": "InProgress",
        "CreationTime": moment,
    }
    job = Job(arn, name, detail, params.get("Tags", []))
    with LOCK:
        if name in region.table(JOBS):
            raise ResourceInUseException(
                "Transform job names must be unique within an AWS account and region, and a transform job with "
                f"this name already exists ({arn})"
            )
        region.table(JOBS)[name] = job
    announce(region, job)
    runtime().spawn(f"transform {name}", TransformRun(region, job, model, processing).run)
    return {"TransformJobArn": arn}


def describe_transform_job(request: Request) -> dict[str, Any]:
    """Return everything about a job."""
    detail = dict(_find(request).detail)
    detail.pop("LastModifiedTime", None)
    return detail


def stop_transform_job(request: Request) -> None:
    """Ask a running job to stop."""
    job = _find(request)
    with LOCK:
        status = job.detail["TransformJobStatus"]
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(
                f"The request was rejected because the transform job is in status {status}."
            )
        job.change(TransformJobStatus="Stopping")
    announce(Region(request.account, request.region), job)
    stop(job)


def list_transform_jobs(request: Request) -> dict[str, Any]:
    """Return a page of jobs."""
    jobs = Region(request.account, request.region).table(JOBS).values()
    return listed(request.params, jobs, "TransformJobSummaries", _summary, _status, order="Descending")


def _find(request: Request) -> Job:
    return find(Region(request.account, request.region), JOBS, request.params["TransformJobName"])


def _model(region: Region, name: str) -> TransformModel:
    model = find_model(region, name)
    role = model.detail["ExecutionRoleArn"]
    require_role(region, role)
    return TransformModel(containers(region, model), role, model.detail["EnableNetworkIsolation"])


def _summary(job: Job) -> dict[str, Any]:
    names = (
        "TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime", "LastModifiedTime",
        "TransformJobStatus", "FailureReason",
    )  # fmt: skip
    return {name: job.detail[name] for name in names if name in job.detail}


def _status(job: Job) -> str:
    return str(job.detail["TransformJobStatus"])


def _refuse_unsupported(params: dict[str, Any]) -> None:
    given = params["TransformInput"]
    kind = given["DataSource"]["S3DataSource"]["S3DataType"]
    if kind != "S3Prefix":
        raise ValidationError(f"localaws does not support S3DataType {kind} of a transform job.")
    if given.get("SplitType", "None") not in ("None", "Line"):
        raise ValidationError(f"localaws does not support SplitType {given['SplitType']}.")
    if "DataCaptureConfig" in params:
        raise ValidationError("localaws does not support DataCaptureConfig of a transform job.")
    payload, concurrent = params.get("MaxPayloadInMB", 6), params.get("MaxConcurrentTransforms", 1)
    if payload > MOST_MEGABYTES or payload * concurrent > MOST_MEGABYTES:
        raise ValidationError(
            f"MaxPayloadInMB times MaxConcurrentTransforms must not be above {MOST_MEGABYTES} MB "
            f"({payload} times {concurrent})."
        )


OPERATIONS: dict[str, Operation] = {
    "CreateTransformJob": create_transform_job,
    "DescribeTransformJob": describe_transform_job,
    "StopTransformJob": stop_transform_job,
    "ListTransformJobs": list_transform_jobs,
}
