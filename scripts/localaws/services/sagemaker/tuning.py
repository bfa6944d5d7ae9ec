"""Tuning jobs by API: a request is checked, the job's run trains; callers wait on ``Job.finished``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker.hyperparameter_search import make_search
from localaws.services.sagemaker.jobs import find, forget, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.roles import require_role
from localaws.services.sagemaker.training import refuse_unsupported
from localaws.services.sagemaker.tuning_run import TuningRun, announce, training_request
from localaws.services.sagemaker.tuning_trials import Trial, TuningJob

JOBS = "hyper_parameter_tuning_jobs"
BY_VALUE = "FinalObjectiveMetricValue"


def create_tuning_job(request: Request) -> dict[str, Any]:
    """Start a job."""
    region = Region(request.account, request.region)
    params = dict(request.params)
    name = params["HyperParameterTuningJobName"]
    _refuse_unsupported(params)
    config, definition = params["HyperParameterTuningJobConfig"], params["TrainingJobDefinition"]
    objective = config["HyperParameterTuningJobObjective"]
    _check_definition(region, definition, objective)
    search = make_search(config, config["ParameterRanges"], objective["Type"] == "Maximize")
    arn = region.arn("hyper-parameter-tuning-job", name)
    moment = now()
    detail = {
        **{key: value for key, value in params.items() if key != "Tags"},
        "HyperParameterTuningJobArn": arn,
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": moment,
        "LastModifiedTime": moment,
    }
    job = TuningJob(arn, name, detail, params.get("Tags", []))
    with LOCK:
        if name in region.table(JOBS):
            raise ResourceInUseException(
                "Hyperparameter tuning job names must be unique within an AWS account and region, and a "
                f"hyperparameter tuning job with this name already exists ({arn})"
            )
        region.table(JOBS)[name] = job
    announce(region, job)
    runtime().spawn(f"tuning {name}", TuningRun(region, job, search).run)
    return {"HyperParameterTuningJobArn": arn}


def describe_tuning_job(request: Request) -> dict[str, Any]:
    """Return everything about a job, its best training job among it."""
    job = _find(request)
    with LOCK:
        answer = {**job.detail, **job.counters()}
        best = job.ranked()
        if best:
            answer["BestTrainingJob"] = job.summary(best[0])
    return answer


def stop_tuning_job(request: Request) -> None:
    """Ask a running job to stop."""
    job = _find(request)
    with LOCK:
        status = job.detail["HyperParameterTuningJobStatus"]
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(
                f"The request was rejected because the hyperparameter tuning job is in status {status}."
            )
        job.change(HyperParameterTuningJobStatus="Stopping")
    announce(Region(request.account, request.region), job)
    stop(job)


def list_tuning_jobs(request: Request) -> dict[str, Any]:
    """Return a page of jobs."""
    found = Region(request.account, request.region).table(JOBS).values()
    return listed(request.params, found, "HyperParameterTuningJobSummaries", _summary, _status)


def list_training_jobs(request: Request) -> dict[str, Any]:
    """Return a page of the training jobs of a tuning job."""
    job, params = _find(request), dict(request.params)
    with LOCK:
        trials = list(job.trials)
    if params.get("SortBy") == BY_VALUE:
        # Those that came to nothing are not among them.
        ranked = job.ranked()
        places = {trial.job.name: place for place, trial in enumerate(ranked)}
        descends = params.get("SortOrder", "Ascending") == "Descending"
        best_first = descends == job.maximizes
        params |= {"SortBy": "Name", "SortOrder": "Ascending" if best_first else "Descending"}
        listable = [_listable(trial, f"{places[trial.job.name]:05}") for trial in ranked]
    else:
        params.setdefault("SortBy", "Name")
        listable = [_listable(trial, trial.job.name) for trial in trials]
    return listed(
        params,
        listable,
        "TrainingJobSummaries",
        lambda item: job.summary(item.detail["Trial"]),
        lambda item: str(item.detail["Trial"].job.detail["TrainingJobStatus"]),
    )


def delete_tuning_job(request: Request) -> None:
    """Forget a job that has ended."""
    region = Region(request.account, request.region)
    forget(region, JOBS, request.params["HyperParameterTuningJobName"], "Hyperparameter tuning")


def _listable(trial: Trial, name: str) -> Resource:
    return Resource(trial.job.arn, name, {"Trial": trial, "CreationTime": trial.job.detail["CreationTime"]})


def _find(request: Request) -> TuningJob:
    job = find(Region(request.account, request.region), JOBS, request.params["HyperParameterTuningJobName"])
    if not isinstance(job, TuningJob):
        raise TypeError(f"{job.arn} is no tuning job")
    return job


def _summary(job: TuningJob) -> dict[str, Any]:
    names = (
        "HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobStatus",
        "CreationTime", "HyperParameterTuningEndTime", "LastModifiedTime",
    )  # fmt: skip
    config = job.detail["HyperParameterTuningJobConfig"]
    return {
        **{name: job.detail[name] for name in names if name in job.detail},
        **job.counters(),
        "Strategy": config["Strategy"],
        "ResourceLimits": config["ResourceLimits"],
    }


def _status(job: TuningJob) -> str:
    return str(job.detail["HyperParameterTuningJobStatus"])


def _refuse_unsupported(params: Mapping[str, Any]) -> None:
    for option in ("WarmStartConfig", "TrainingJobDefinitions", "Autotune"):
        if option in params:
            raise ValidationError(f"localaws does not support {option} of a tuning job.")
    config = params["HyperParameterTuningJobConfig"]
    for owner, option in (
        (params, "TrainingJobDefinition"),
        (config, "HyperParameterTuningJobObjective"),
        (config, "ParameterRanges"),
    ):
        if option not in owner:
            raise ValidationError(f"{option} is required.")
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        raise ValidationError("localaws does not support TrainingJobEarlyStoppingType Auto.")
    converges = config.get("TuningJobCompletionCriteria", {}).get("ConvergenceDetected", {})
    if converges.get("CompleteOnConvergence", "Disabled") != "Disabled":
        raise ValidationError("localaws does not support CompleteOnConvergence.")
    if config["ParameterRanges"].get("AutoParameters"):
        raise ValidationError("localaws does not support AutoParameters.")
    resources = params["TrainingJobDefinition"].get("HyperParameterTuningResourceConfig", {})
    for option in ("InstanceConfigs", "AllocationStrategy"):
        if option in resources:
            raise ValidationError(f"localaws does not support {option} of a tuning job's resources.")


def _check_definition(region: Region, definition: Mapping[str, Any], objective: Mapping[str, str]) -> None:
    require_role(region, definition["RoleArn"])
    refuse_unsupported(training_request(definition, {}, objective))
    metrics = definition["AlgorithmSpecification"].get("MetricDefinitions", ())
    if objective["MetricName"] not in [metric["Name"] for metric in metrics]:
        raise ValidationError(
            "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric "
            f"definitions: {objective['MetricName']} is not among them."
        )


OPERATIONS: dict[str, Operation] = {
    "CreateHyperParameterTuningJob": create_tuning_job,
    "DescribeHyperParameterTuningJob": describe_tuning_job,
    "StopHyperParameterTuningJob": stop_tuning_job,
    "ListHyperParameterTuningJobs": list_tuning_jobs,
    "ListTrainingJobsForHyperParameterTuningJob": list_training_jobs,
    "DeleteHyperParameterTuningJob": delete_tuning_job,
}
