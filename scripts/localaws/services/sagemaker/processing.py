"""Processing jobs: inputs from S3, the container, outputs to S3; pipelines and callers wait on ``Job.finished``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.jobs import REASON_LENGTH, Job, JobFailed, JobRun, find, forget, stop
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, now, tag_map
from localaws.services.sagemaker.roles import require_role

LOCAL_ROOT = "/opt/ml/processing"
DEFAULT_MAX_RUNTIME = 86400
EVENT_FIELDS = (
    "ProcessingJobName", "ProcessingJobArn", "ProcessingJobStatus", "ProcessingInputs", "ProcessingOutputConfig",
    "ProcessingResources", "StoppingCondition", "AppSpecification", "Environment", "NetworkConfig", "RoleArn",
    "ExitMessage", "FailureReason", "CreationTime", "ProcessingStartTime", "ProcessingEndTime",
    "LastModifiedTime",
)  # fmt: skip


class ProcessingRun(JobRun):
    """The run of one processing job."""

    kind = "processing"
    log_group = "/aws/sagemaker/ProcessingJobs"

    @property
    def instances(self) -> Mapping[str, Any]:
        """ProcessingResources' ClusterConfig."""
        instances: Mapping[str, Any] = self.detail["ProcessingResources"]["ClusterConfig"]
        return instances

    @property
    def isolated(self) -> bool:
        """NetworkConfig's EnableNetworkIsolation."""
        return bool(self.detail.get("NetworkConfig", {}).get("EnableNetworkIsolation"))

    def execute(self) -> None:
        """Download, run, upload."""
        self.detail["ProcessingStartTime"] = now()
        self._prepare()
        application = self.detail["AppSpecification"]
        ended = self.run_containers(
            application["ImageUri"],
            application.get("ContainerEntrypoint", ()),
            application.get("ContainerArguments", ()),
            self.detail.get("Environment", {}),
        )
        message = self.message_file(ended.host, "/opt/ml/output/message")
        if message:
            self.detail["ExitMessage"] = message
        if self.job.stopping or self.timed_out:
            return end(self.region, self.job, "Stopped")
        if ended.code != 0:
            raise JobFailed(self._reason(ended.code))
        self._deliver()
        end(self.region, self.job, "Completed")

    def fail(self, reason: str) -> None:
        """End as Failed."""
        end_failed(self.region, self.job, reason)

    def _prepare(self) -> None:
        self.write_config("/opt/ml/config/processingjobconfig.json", self.detail)
        self.write_resource_config("/opt/ml/config/resourceconfig.json")
        self.make_folder("/opt/ml/output")
        for item in self.detail.get("ProcessingInputs", ()):
            if not item.get("AppManaged"):
                source = item["S3Input"]
                distribution = source.get("S3DataDistributionType", "FullyReplicated")
                self.fetch(source["S3Uri"], source["LocalPath"], distribution, f"input {item['InputName']}")
        for output in self._outputs():
            self.make_folder(output["S3Output"]["LocalPath"])

    def _deliver(self) -> None:
        key = self.detail.get("ProcessingOutputConfig", {}).get("KmsKeyId", "")
        for output in self._outputs():
            target = output["S3Output"]
            # The first host's last: of the files of a name, its stays.
            for host in reversed(self.hosts):
                self.bucket.upload_folder(host.path(target["LocalPath"]), target["S3Uri"], key)

    def _outputs(self) -> list[dict[str, Any]]:
        outputs = self.detail.get("ProcessingOutputConfig", {}).get("Outputs", [])
        return [output for output in outputs if not output.get("AppManaged")]

    def _reason(self, code: int) -> str:
        said = self.detail.get("ExitMessage") or "\n".join(self.last_lines)[-600:]
        return f"AlgorithmError: See job logs for more information, exit code: {code}: {said}"


def announce(region: Region, job: Job) -> None:
    """Send the event of a job's new status."""
    detail = {name: job.detail[name] for name in EVENT_FIELDS if name in job.detail}
    detail["Tags"] = tag_map(job.tags)
    notices.send(region, "SageMaker Processing Job State Change", [job.arn], detail)


def end(region: Region, job: Job, status: str, **values: Any) -> None:
    """Enter the final status."""
    job.change(ProcessingJobStatus=status, ProcessingEndTime=now(), **values)
    announce(region, job)


def end_failed(region: Region, job: Job, reason: str) -> None:
    """Enter the status Failed."""
    end(region, job, "Failed", FailureReason=reason[:REASON_LENGTH])


def create_processing_job(request: Request) -> dict[str, Any]:
    """Start a job."""
    region = Region(request.account, request.region)
    params = dict(request.params)
    name = params["ProcessingJobName"]
    _refuse_unsupported(params)
    require_role(region, params["RoleArn"])
    moment = now()
    job = Job(
        region.arn("processing-job", name),
        name,
        {
            **{key: value for key, value in params.items() if key != "Tags"},
            "ProcessingJobArn": region.arn("processing-job", name),
            "ProcessingJobStatus": "InProgress",
            "StoppingCondition": params.get(
                "StoppingCondition", {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME}
            ),
            "CreationTime": moment,
            "LastModifiedTime": moment,
        },
        params.get("Tags", []),
    )
    with LOCK:
        if name in region.table("processing_jobs"):
            raise ResourceInUseException(
                "Processing job names must be unique within an AWS account and region, and a processing job "
                f"with this name already exists ({job.arn})"
            )
        region.table("processing_jobs")[name] = job
    announce(region, job)
    runtime().spawn(f"processing {name}", ProcessingRun(region, job).run)
    return {"ProcessingJobArn": job.arn}


def describe_processing_job(request: Request) -> dict[str, Any]:
    """Return everything about a job."""
    return dict(_find(request).detail)


def stop_processing_job(request: Request) -> None:
    """Ask a running job to stop."""
    job = _find(request)
    with LOCK:
        status = job.detail["ProcessingJobStatus"]
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(
                f"The request was rejected because the processing job is in status {status}."
            )
        job.change(ProcessingJobStatus="Stopping")
    announce(Region(request.account, request.region), job)
    stop(job)


def list_processing_jobs(request: Request) -> dict[str, Any]:
    """Return a page of jobs."""
    jobs = Region(request.account, request.region).table("processing_jobs").values()
    return listed(request.params, jobs, "ProcessingJobSummaries", _summary, _status)


def delete_processing_job(request: Request) -> None:
    """Forget a job that has ended."""
    region = Region(request.account, request.region)
    forget(region, "processing_jobs", request.params["ProcessingJobName"], "Processing")


def _find(request: Request) -> Job:
    return find(
        Region(request.account, request.region), "processing_jobs", request.params["ProcessingJobName"]
    )


def _summary(job: Job) -> dict[str, Any]:
    names = (
        "ProcessingJobName", "ProcessingJobArn", "CreationTime", "ProcessingEndTime", "LastModifiedTime",
        "ProcessingJobStatus", "FailureReason", "ExitMessage",
    )  # fmt: skip
    return {name: job.detail[name] for name in names if name in job.detail}


def _status(job: Job) -> str:
    return str(job.detail["ProcessingJobStatus"])


def _refuse_unsupported(params: dict[str, Any]) -> None:
    for item in params.get("ProcessingInputs", ()):
        _refuse_unsupported_input(item)
    for output in params.get("ProcessingOutputConfig", {}).get("Outputs", ()):
        if "S3Output" not in output:
            raise ValidationError(f"localaws does not support FeatureStoreOutput ({output['OutputName']}).")
        _refuse_foreign_path(output["S3Output"]["LocalPath"])


def _refuse_unsupported_input(item: dict[str, Any]) -> None:
    source = item.get("S3Input")
    if source is None:
        raise ValidationError(f"localaws does not support DatasetDefinition (input {item['InputName']}).")
    if item.get("AppManaged"):
        return
    for option, supported in (
        ("S3DataType", "S3Prefix"),
        ("S3InputMode", "File"),
        ("S3CompressionType", "None"),
    ):
        if source.get(option, supported) != supported:
            raise ValidationError(
                f"localaws does not support {option} {source[option]} (input {item['InputName']})."
            )
    _refuse_foreign_path(source.get("LocalPath", ""))


def _refuse_foreign_path(path: str) -> None:
    if path != LOCAL_ROOT and not path.startswith(f"{LOCAL_ROOT}/"):
        raise ValidationError(f"LocalPath {path} is invalid: it must begin with {LOCAL_ROOT}.")


OPERATIONS: dict[str, Operation] = {
    "CreateProcessingJob": create_processing_job,
    "DescribeProcessingJob": describe_processing_job,
    "StopProcessingJob": stop_processing_job,
    "ListProcessingJobs": list_processing_jobs,
    "DeleteProcessingJob": delete_processing_job,
}
