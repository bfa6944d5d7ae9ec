"""Training jobs: channels from S3, ``train`` in the container, model.tar.gz to S3, metrics out of the logs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.jobs import REASON_LENGTH, Job, JobFailed, JobRun, find, forget, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, now, tag_map
from localaws.services.sagemaker.roles import require_role
from localaws.services.sagemaker.storage import pack

DEFAULT_MAX_RUNTIME = 86400
DEFAULT_CHECKPOINTS = "/opt/ml/checkpoints"
EVENT_FIELDS = (
    "TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "SecondaryStatus", "FailureReason",
    "HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig",
    "ResourceConfig", "VpcConfig", "StoppingCondition", "CreationTime", "TrainingStartTime", "TrainingEndTime",
    "LastModifiedTime", "SecondaryStatusTransitions", "FinalMetricDataList", "ModelArtifacts",
)  # fmt: skip
MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


class TrainingRun(JobRun):
    """The run of one training job."""

    kind = "training"
    log_group = "/aws/sagemaker/TrainingJobs"

    def __init__(self, region: Region, job: Job) -> None:
        super().__init__(region, job)
        algorithm = self.detail["AlgorithmSpecification"]
        self._metrics = [
            (item["Name"], re.compile(item["Regex"])) for item in algorithm.get("MetricDefinitions", ())
        ]
        self._values: dict[str, dict[str, Any]] = {}

    @property
    def instances(self) -> Mapping[str, Any]:
        """ResourceConfig."""
        instances: Mapping[str, Any] = self.detail["ResourceConfig"]
        return instances

    @property
    def isolated(self) -> bool:
        """EnableNetworkIsolation."""
        return bool(self.detail.get("EnableNetworkIsolation"))

    def execute(self) -> None:
        """Download, train, upload."""
        transition(self.region, self.job, "Downloading")
        self._prepare()
        transition(self.region, self.job, "Training", TrainingStartTime=now())
        algorithm = self.detail["AlgorithmSpecification"]
        ended = self.run_containers(
            algorithm["TrainingImage"],
            algorithm.get("ContainerEntrypoint", ()),
            algorithm.get("ContainerArguments") or ("train",),
            {
                **self.detail.get("Environment", {}),
                "TRAINING_JOB_NAME": self.job.name,
                "TRAINING_JOB_ARN": self.job.arn,
            },
        )
        if self._values:
            self.detail["FinalMetricDataList"] = list(self._values.values())
        transition(self.region, self.job, "Uploading")
        self._deliver_output()
        if ended.code != 0 and not self.job.stopping:
            said = self.message_file(ended.host, "/opt/ml/output/failure")
            raise JobFailed(f"AlgorithmError: {said}, exit code: {ended.code}")
        self._deliver_model()
        self._end_well()

    def fail(self, reason: str) -> None:
        """End as Failed."""
        end_failed(self.region, self.job, reason)

    def read_line(self, line: str) -> None:
        """Keep the last value of each metric that the line reports."""
        for name, pattern in self._metrics:
            match = pattern.search(line)
            if match and (value := _number(match.group(1))) is not None:
                self._values[name] = {"MetricName": name, "Value": value, "Timestamp": now()}

    def _prepare(self) -> None:
        for folder in ("model", "output/data", "input/data", "checkpoints"):
            self.make_folder(f"/opt/ml/{folder}")
        config = "/opt/ml/input/config"
        self.write_config(f"{config}/hyperparameters.json", self.detail.get("HyperParameters", {}))
        channels = {c["ChannelName"]: _channel_config(c) for c in self.detail.get("InputDataConfig", ())}
        self.write_config(f"{config}/inputdataconfig.json", channels)
        self.write_resource_config(f"{config}/resourceconfig.json")
        for channel in self.detail.get("InputDataConfig", ()):
            name, source = channel["ChannelName"], channel["DataSource"]["S3DataSource"]
            distribution = channels[name]["S3DistributionType"]
            self.fetch(source["S3Uri"], f"/opt/ml/input/data/{name}", distribution, f"channel {name}")
        if "CheckpointConfig" in self.detail:
            self.make_folder(self._checkpoints)
            for host in self.hosts:
                self.bucket.download(self.detail["CheckpointConfig"]["S3Uri"], host.path(self._checkpoints))

    def _deliver_output(self) -> None:
        folders = [host.path("/opt/ml/output/data") for host in self.hosts]
        if any(next(folder.iterdir(), None) for folder in folders):
            self._deliver(folders, "output.tar.gz")
        if "CheckpointConfig" in self.detail:
            # The first host's last: of the files of a name, its stays.
            for host in reversed(self.hosts):
                self.bucket.upload_folder(
                    host.path(self._checkpoints), self.detail["CheckpointConfig"]["S3Uri"]
                )

    def _deliver_model(self) -> None:
        self._deliver([host.path("/opt/ml/model") for host in self.hosts], "model.tar.gz")

    def _deliver(self, folders: Sequence[Path], name: str) -> None:
        archive = self.folder / name
        pack(folders, archive)
        key = self.detail["OutputDataConfig"].get("KmsKeyId", "")
        self.bucket.upload(archive, _artifact(self.detail, name), key)

    @property
    def _checkpoints(self) -> str:
        return str(self.detail["CheckpointConfig"].get("LocalPath", DEFAULT_CHECKPOINTS))

    def _end_well(self) -> None:
        if self.timed_out:
            end(self.region, self.job, "Stopped", "MaxRuntimeExceeded")
        elif self.job.stopping:
            end(self.region, self.job, "Stopped", "Stopped")
        else:
            end(self.region, self.job, "Completed", "Completed")


def transition(region: Region, job: Job, secondary: str, **values: Any) -> None:
    """Enter a secondary status and send the event."""
    with LOCK:
        transitions = job.detail["SecondaryStatusTransitions"]
        moment = now()
        if transitions:
            transitions[-1]["EndTime"] = moment
        message = values.get("FailureReason", MESSAGES.get(secondary, ""))
        transitions.append({"Status": secondary, "StartTime": moment, "StatusMessage": message})
        job.change(SecondaryStatus=secondary, **values)
        detail = {name: job.detail[name] for name in EVENT_FIELDS if name in job.detail}
        detail["SecondaryStatusTransitions"] = [dict(item) for item in transitions]
    notices.send(
        region, "SageMaker Training Job State Change", [job.arn], {**detail, "Tags": tag_map(job.tags)}
    )


def end(region: Region, job: Job, status: str, secondary: str, **values: Any) -> None:
    """Enter the final status."""
    moment = now()
    seconds = max(1, int((moment - job.detail.get("TrainingStartTime", moment)).total_seconds()))
    job.detail["SecondaryStatusTransitions"][-1]["EndTime"] = moment
    transition(
        region,
        job,
        secondary,
        TrainingJobStatus=status,
        TrainingEndTime=moment,
        TrainingTimeInSeconds=seconds,
        BillableTimeInSeconds=seconds,
        **values,
    )


def end_failed(region: Region, job: Job, reason: str) -> None:
    """Enter the status Failed."""
    end(region, job, "Failed", "Failed", FailureReason=reason[:REASON_LENGTH])


def create_training_job(request: Request) -> dict[str, Any]:
    """Start a job."""
    region = Region(request.account, request.region)
    params = dict(request.params)
    name = params["TrainingJobName"]
    refuse_unsupported(params)
    require_role(region, params["RoleArn"])
    arn = region.arn("training-job", name)
    moment = now()
    detail: dict[str, Any] = {
        **{key: value for key, value in params.items() if key != "Tags"},
        "TrainingJobArn": arn,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "SecondaryStatusTransitions": [],
        "StoppingCondition": params.get("StoppingCondition", {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME}),
        "CreationTime": moment,
        "LastModifiedTime": moment,
    }
    detail["ModelArtifacts"] = {"S3ModelArtifacts": _artifact(detail, "model.tar.gz")}
    job = Job(arn, name, detail, params.get("Tags", []))
    with LOCK:
        if name in region.table("training_jobs"):
            raise ResourceInUseException(
                "Training job names must be unique within an AWS account and region, and a training job with "
                f"this name already exists ({arn})"
            )
        region.table("training_jobs")[name] = job
    transition(region, job, "Starting")
    runtime().spawn(f"training {name}", TrainingRun(region, job).run)
    return {"TrainingJobArn": arn}


def describe_training_job(request: Request) -> dict[str, Any]:
    """Return everything about a job."""
    return dict(_find(request).detail)


def stop_training_job(request: Request) -> None:
    """Ask a running job to stop."""
    job = _find(request)
    with LOCK:
        status = job.detail["TrainingJobStatus"]
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(f"The request was rejected because the training job is in status {status}.")
    transition(Region(request.account, request.region), job, "Stopping", TrainingJobStatus="Stopping")
    stop(job)


def list_training_jobs(request: Request) -> dict[str, Any]:
    """Return a page of jobs."""
    jobs = Region(request.account, request.region).table("training_jobs").values()
    return listed(request.params, jobs, "TrainingJobSummaries", _summary, _status)


def delete_training_job(request: Request) -> None:
    """Forget a job that has ended."""
    region = Region(request.account, request.region)
    forget(region, "training_jobs", request.params["TrainingJobName"], "Training")


def _find(request: Request) -> Job:
    return find(Region(request.account, request.region), "training_jobs", request.params["TrainingJobName"])


def _summary(job: Job) -> dict[str, Any]:
    names = (
        "TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime",
        "TrainingJobStatus", "SecondaryStatus",
    )  # fmt: skip
    return {name: job.detail[name] for name in names if name in job.detail}


def _status(job: Job) -> str:
    return str(job.detail["TrainingJobStatus"])


def _artifact(detail: dict[str, Any], file: str) -> str:
    return (
        f"{detail['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{detail['TrainingJobName']}/output/{file}"
    )


def _channel_config(channel: dict[str, Any]) -> dict[str, str]:
    config = {
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
            "S3DataDistributionType", "FullyReplicated"
        ),
        "RecordWrapperType": "None",
    }
    if "ContentType" in channel:
        config["ContentType"] = channel["ContentType"]
    return config


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def refuse_unsupported(params: dict[str, Any]) -> None:
    if "TrainingImage" not in params.get("AlgorithmSpecification", {}):
        raise ValidationError("localaws trains from AlgorithmSpecification.TrainingImage only.")
    if params["AlgorithmSpecification"]["TrainingInputMode"] == "Pipe":
        raise ValidationError("localaws does not support TrainingInputMode Pipe.")
    for name in ("OutputDataConfig", "ResourceConfig"):
        if name not in params:
            raise ValidationError(f"{name} is required (localaws does not support serverless training jobs).")
    if "InstanceType" not in params["ResourceConfig"]:
        raise ValidationError("localaws trains on ResourceConfig.InstanceType only (no InstanceGroups).")
    if params["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        raise ValidationError("localaws does not support OutputDataConfig.CompressionType NONE.")
    for channel in params.get("InputDataConfig", ()):
        _refuse_unsupported_channel(channel)


def _refuse_unsupported_channel(channel: dict[str, Any]) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise ValidationError(f"localaws does not support file systems as DataSource (channel {name}).")
    if source["S3DataType"] != "S3Prefix":
        raise ValidationError(
            f"localaws does not support S3DataType {source['S3DataType']} (channel {name})."
        )
    for option in ("CompressionType", "RecordWrapperType"):
        if channel.get(option, "None") != "None":
            raise ValidationError(f"localaws does not support {option} {channel[option]} (channel {name}).")
    if channel.get("InputMode") == "Pipe":
        raise ValidationError(f"localaws does not support InputMode Pipe (channel {name}).")


OPERATIONS: dict[str, Operation] = {
    "CreateTrainingJob": create_training_job,
    "DescribeTrainingJob": describe_training_job,
    "StopTrainingJob": stop_training_job,
    "ListTrainingJobs": list_training_jobs,
    "DeleteTrainingJob": delete_training_job,
}
