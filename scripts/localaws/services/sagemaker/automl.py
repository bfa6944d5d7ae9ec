"""AutoML jobs by both of their APIs: a request is checked, the job's run searches; callers wait on ``Job.finished``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker.automl_requests import (
    SearchRequest,
    search_request,
    search_request_v2,
)
from localaws.services.sagemaker.automl_run import AutoMLJob, AutoMLRun, score
from localaws.services.sagemaker.jobs import find, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.roles import require_role

JOBS = "auto_ml_jobs"
BY_VALUE = "FinalObjectiveMetricValue"
SHARED = (
    "AutoMLJobName", "AutoMLJobArn", "OutputDataConfig", "RoleArn", "AutoMLJobObjective", "CreationTime", "EndTime",
    "LastModifiedTime", "FailureReason", "AutoMLJobStatus", "AutoMLJobSecondaryStatus",
)  # fmt: skip
OWN = ("InputDataConfig", "ProblemType", "AutoMLJobConfig")
OWN_V2 = ("AutoMLJobInputDataConfig", "AutoMLProblemTypeConfig", "DataSplitConfig", "SecurityConfig")


def create_job(request: Request) -> dict[str, Any]:
    """Start a job of the first API, which pipelines use."""
    return _create(request, search_request(request.params))


def create_job_v2(request: Request) -> dict[str, Any]:
    """Start a job of the second API."""
    return _create(request, search_request_v2(request.params))


def describe_job(request: Request) -> dict[str, Any]:
    """Return everything about a job that the first API made."""
    job = _find(request)
    if "InputDataConfig" not in job.detail:
        raise ValidationError(
            f"{job.name} was created with CreateAutoMLJobV2: describe it with DescribeAutoMLJobV2."
        )
    resolved = {
        **({"ProblemType": job.resolved["ProblemType"]} if job.resolved else {}),
        **_resolved(job),
    }
    return {**_described(job, OWN), "ResolvedAttributes": resolved} if resolved else _described(job, OWN)


def describe_job_v2(request: Request) -> dict[str, Any]:
    """Return everything about a job that the second API made."""
    job = _find(request)
    if "AutoMLJobInputDataConfig" not in job.detail:
        raise ValidationError(
            f"{job.name} was created with CreateAutoMLJob: describe it with DescribeAutoMLJob."
        )
    answer = {**_described(job, OWN_V2), "AutoMLProblemTypeConfigName": "Tabular"}
    if job.resolved:
        tabular = {"TabularResolvedAttributes": {"ProblemType": job.resolved["ProblemType"]}}
        answer["ResolvedAttributes"] = {**_resolved(job), "AutoMLProblemTypeResolvedAttributes": tabular}
    return answer


def stop_job(request: Request) -> None:
    """Ask a running job to stop."""
    job = _find(request)
    with LOCK:
        status = _status(job)
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(f"The request was rejected because the AutoML job is in status {status}.")
        job.change(AutoMLJobStatus="Stopping", AutoMLJobSecondaryStatus="Stopping")
    stop(job)


def list_jobs(request: Request) -> dict[str, Any]:
    """Return a page of jobs."""
    found = Region(request.account, request.region).table(JOBS).values()
    return listed(request.params, found, "AutoMLJobSummaries", _summary, _status, "Descending")


def list_candidates(request: Request) -> dict[str, Any]:
    """Return a page of a job's candidates: its leaderboard."""
    job, params = _find(request), dict(request.params)
    with LOCK:
        found = [dict(each) for each in job.candidates]
    wanted = params.pop("CandidateNameEquals", None)
    found = [each for each in found if wanted in (None, each["CandidateName"])]
    if params.get("SortBy") == BY_VALUE:
        # Those that came to nothing have no place.
        found = sorted((each for each in found if "FinalAutoMLJobObjectiveMetric" in each), key=score)
        params["SortBy"] = "Name"
        listable = [Resource(_arn(job, each), f"{place:05}", each) for place, each in enumerate(found)]
    else:
        listable = [Resource(_arn(job, each), each["CandidateName"], each) for each in found]
    return listed(params, listable, "Candidates", lambda item: item.detail, _candidate_status)


def _create(request: Request, search: SearchRequest) -> dict[str, Any]:
    region, params = Region(request.account, request.region), request.params
    name = params["AutoMLJobName"]
    require_role(region, params["RoleArn"])
    arn, moment = region.arn("automl-job", name), now()
    detail = {
        **{key: value for key, value in params.items() if key != "Tags"},
        "AutoMLJobArn": arn,
        "AutoMLJobStatus": "InProgress",
        "AutoMLJobSecondaryStatus": "Starting",
        "CreationTime": moment,
        "LastModifiedTime": moment,
    }
    job = AutoMLJob(arn, name, detail, params.get("Tags", []), request=search)
    with LOCK:
        if name in region.table(JOBS):
            raise ResourceInUseException(
                f"AutoML job names must be unique within an AWS account and region: {arn} exists already."
            )
        region.table(JOBS)[name] = job
    runtime().spawn(f"automl {name}", AutoMLRun(region, job).run)
    return {"AutoMLJobArn": arn}


def _described(job: AutoMLJob, own: tuple[str, ...]) -> dict[str, Any]:
    with LOCK:
        answer = {name: job.detail[name] for name in (*SHARED, *own) if name in job.detail}
        best = job.best()
    return {**answer, "BestCandidate": best} if best else answer


def _resolved(job: AutoMLJob) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if job.resolved:
        found["AutoMLJobObjective"] = {"MetricName": job.resolved["Objective"]}
    if job.request.limits:
        found["CompletionCriteria"] = dict(job.request.limits)
    return found


def _find(request: Request) -> AutoMLJob:
    job = find(Region(request.account, request.region), JOBS, request.params["AutoMLJobName"])
    if not isinstance(job, AutoMLJob):
        raise TypeError(f"{job.arn} is no AutoML job")
    return job


def _arn(job: AutoMLJob, candidate: Mapping[str, Any]) -> str:
    return f"{job.arn}/{candidate['CandidateName']}"


def _summary(job: AutoMLJob) -> dict[str, Any]:
    names = (
        "AutoMLJobName", "AutoMLJobArn", "AutoMLJobStatus", "AutoMLJobSecondaryStatus", "CreationTime", "EndTime",
        "LastModifiedTime", "FailureReason",
    )  # fmt: skip
    return {name: job.detail[name] for name in names if name in job.detail}


def _status(job: AutoMLJob) -> str:
    return str(job.detail["AutoMLJobStatus"])


def _candidate_status(candidate: Resource) -> str:
    return str(candidate.detail["CandidateStatus"])


OPERATIONS: dict[str, Operation] = {
    "CreateAutoMLJob": create_job,
    "CreateAutoMLJobV2": create_job_v2,
    "DescribeAutoMLJob": describe_job,
    "DescribeAutoMLJobV2": describe_job_v2,
    "StopAutoMLJob": stop_job,
    "ListAutoMLJobs": list_jobs,
    "ListCandidatesForAutoMLJob": list_candidates,
}
