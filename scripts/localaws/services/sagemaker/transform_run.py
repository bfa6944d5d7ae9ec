"""The run of one transform job: the model served on every instance, input files sent to it, ``.out`` files to S3."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from localaws.engine import Container, ContainerSpec
from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.batch_server import BatchServer, ExecutionParameters, InvocationError
from localaws.services.sagemaker.container_images import resolved_image
from localaws.services.sagemaker.data_processing import DataProcessing
from localaws.services.sagemaker.file_transform import FileTransform, InputFile
from localaws.services.sagemaker.job_hosts import OPT_ML, Host
from localaws.services.sagemaker.jobs import REASON_LENGTH, Job, JobFailed, JobRun
from localaws.services.sagemaker.resources import Region, now, tag_map
from localaws.services.sagemaker.storage import relative_key, split_uri, unpack
from localaws.services.sagemaker.transform_records import Assembly, Batching

PORT = 8080
MODEL = f"{OPT_ML}/model"
DEFAULT_TIMEOUT = 600
DEFAULT_RETRIES = 3
# Nothing is asked of the containers any more when they are told to end.
STOP_GRACE_SECONDS = 2.0
SEE_LOGS = "See job logs for more information"
STRATEGIES = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}
EVENT_FIELDS = (
    "TransformJobName", "TransformJobArn", "TransformJobStatus", "FailureReason", "ModelName",
    "MaxConcurrentTransforms", "MaxPayloadInMB", "BatchStrategy", "Environment", "TransformInput",
    "TransformOutput", "TransformResources", "CreationTime", "TransformStartTime", "TransformEndTime",
)  # fmt: skip


@dataclass(frozen=True)
class TransformModel:
    """What a transform job serves: the model's containers, role and network isolation."""

    containers: Sequence[Mapping[str, Any]]
    role: str
    isolated: bool


class TransformRun(JobRun):
    """The run of one transform job.

    Parameters
    ----------
    region, job
        As of every job.
    model
        What to serve.
    processing
        Filters and join.
    """

    kind = "transform"
    log_group = "/aws/sagemaker/TransformJobs"

    def __init__(self, region: Region, job: Job, model: TransformModel, processing: DataProcessing) -> None:
        self._model = model
        self._processing = processing
        super().__init__(region, job)
        self._input, self._output = self.detail["TransformInput"], self.detail["TransformOutput"]

    @property
    def role(self) -> str:
        """The model's execution role."""
        return self._model.role

    @property
    def instances(self) -> Mapping[str, Any]:
        """TransformResources."""
        instances: Mapping[str, Any] = self.detail["TransformResources"]
        return instances

    @property
    def isolated(self) -> bool:
        """The model's EnableNetworkIsolation."""
        return self._model.isolated

    def execute(self) -> None:
        """Serve the model, send it every file, deliver what it answers."""
        self.detail["TransformStartTime"] = now()
        uri = self._input["DataSource"]["S3DataSource"]["S3Uri"]
        keys = self.bucket.keys(uri)
        if not keys:
            raise JobFailed(f'ClientError: No S3 objects found under S3 URL "{uri}".')
        served = {host: self._serving(host) for host in self.hosts}
        group = self.start_containers(
            {place: spec for specs in served.values() for place, spec in specs.items()}
        )
        try:
            with ThreadPoolExecutor(len(self.hosts)) as threads:
                parts = {host: keys[place :: len(self.hosts)] for place, host in enumerate(self.hosts)}
                works = [
                    threads.submit(self._work, [group.container(place) for place in served[host]], host, part)
                    for host, part in parts.items()
                ]
                reasons = [reason for work in works for reason in work.result()]
        finally:
            group.stop(STOP_GRACE_SECONDS)
        if self.job.stopping:
            return end(self.region, self.job, "Stopped")
        if reasons:
            raise JobFailed(f"{reasons[0]}: {SEE_LOGS}")
        end(self.region, self.job, "Completed")

    def fail(self, reason: str) -> None:
        """End as Failed, or as Stopped where that was asked for."""
        if self.job.stopping:
            end(self.region, self.job, "Stopped")
        else:
            end_failed(self.region, self.job, reason)

    def _serving(self, host: Host) -> dict[Host, ContainerSpec]:
        """Return what a host runs: the model's containers, each with a folder of its own."""
        places = [
            replace(host, label=f"{host.label}-container-{number}", folder=host.folder / str(number))
            for number in range(1, len(self._model.containers) + 1)
        ]
        if len(places) == 1:
            places = [host]
        return {
            place: self._serving_spec(place, container)
            for place, container in zip(places, self._model.containers, strict=True)
        }

    def _serving_spec(self, host: Host, container: Mapping[str, Any]) -> ContainerSpec:
        folder = host.path(MODEL)
        folder.mkdir(parents=True)
        if container.get("ModelDataUrl"):
            archive = self.folder / f"{host.label}.tar.gz"
            archive.write_bytes(self.bucket.read(container["ModelDataUrl"]))
            unpack(archive, folder)
            archive.unlink()
        environment = {
            **container.get("Environment", {}),
            **self.detail.get("Environment", {}),
            "SAGEMAKER_BATCH": "true",
            **self._told_limits(),
        }
        image = resolved_image(self.region, container["Image"])
        spec = self.spec(host, image, (), ("serve",), environment)
        mounts = {**spec.mounts, MODEL: folder}
        return replace(spec, port=PORT, read_only_root=True, mounts=mounts, read_only_mounts=[MODEL])

    def _told_limits(self) -> dict[str, str]:
        told = {
            "SAGEMAKER_BATCH_STRATEGY": STRATEGIES.get(self.detail.get("BatchStrategy", "")),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": self.detail.get("MaxConcurrentTransforms"),
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": self.detail.get("MaxPayloadInMB"),
        }
        return {name: str(value) for name, value in told.items() if value is not None}

    def _work(self, containers: Sequence[Container], host: Host, keys: Sequence[str]) -> list[str]:
        """Transform a host's part of the files; return the reasons of those that failed."""
        stream = f"{self.job.name}/{host.label}-{int(now().timestamp())}/data-log"
        log = runtime().log_writer(self.region.name, self.log_group, stream, self.role)
        client = self.detail.get("ModelClientConfig", {})
        server = BatchServer(
            containers,
            client.get("InvocationsTimeoutInSeconds", DEFAULT_TIMEOUT),
            client.get("InvocationsMaxRetries", DEFAULT_RETRIES),
        )
        with contextlib.closing(server):
            return self._send(server, [self._file(host, key) for key in keys], log)

    def _send(self, server: BatchServer, files: list[InputFile], log: Callable[[str], None]) -> list[str]:
        try:
            server.wait_until_healthy()
        except InvocationError as error:
            log(f"[sagemaker logs]: {error}")
            return [error.reason]
        limits = self._limits(server.execution_parameters())
        log(
            f"[sagemaker logs]: MaxConcurrentTransforms={limits.max_concurrent_transforms}, "
            f"MaxPayloadInMB={limits.max_payload_mb}, BatchStrategy={limits.batch_strategy}"
        )
        self._transform(server, limits, log).run(files)
        return [file.reason for file in files if file.reason]

    def _transform(
        self, server: BatchServer, limits: ExecutionParameters, log: Callable[[str], None]
    ) -> FileTransform:
        by_line = self._input.get("SplitType", "None") == "Line"
        headers = {"Content-Type": self._input.get("ContentType"), "Accept": self._output.get("Accept")}
        return FileTransform(
            server,
            Batching(by_line, limits.batch_strategy != STRATEGIES["SingleRecord"], limits.max_payload_mb),
            Assembly(self._output.get("AssembleWith", "None") == "Line", self._processing),
            self._input.get("CompressionType", "None") == "Gzip",
            {name: value for name, value in headers.items() if value},
            limits.max_concurrent_transforms,
            log,
            self._deliver,
            lambda: self.job.stopping,
        )

    def _limits(self, wanted: ExecutionParameters) -> ExecutionParameters:
        strategy = STRATEGIES.get(self.detail.get("BatchStrategy", ""), wanted.batch_strategy)
        concurrent = self.detail.get("MaxConcurrentTransforms") or wanted.max_concurrent_transforms
        payload = self.detail.get("MaxPayloadInMB", wanted.max_payload_mb)
        return ExecutionParameters(max(1, concurrent), strategy, payload)

    def _file(self, host: Host, key: str) -> InputFile:
        uri = self._input["DataSource"]["S3DataSource"]["S3Uri"]
        bucket, prefix = split_uri(uri)
        relative = relative_key(key, prefix)
        folder = self.folder / f"{host.label}-input"
        self.bucket.download_keys(uri, [key], folder)
        output = f"{self._output['S3OutputPath'].rstrip('/')}/{relative}.out"
        return InputFile(f"{bucket}/{key}", folder / relative, self.folder / f"{host.label}-result", output)

    def _deliver(self, file: InputFile) -> None:
        self.bucket.upload(file.result, file.output, self._output.get("KmsKeyId", ""))


def announce(region: Region, job: Job) -> None:
    """Send the event of a job's new status."""
    detail = {name: job.detail[name] for name in EVENT_FIELDS if name in job.detail}
    detail["Tags"] = tag_map(job.tags)
    notices.send(region, "SageMaker Transform Job State Change", [job.arn], detail)


def end(region: Region, job: Job, status: str, **values: Any) -> None:
    """Enter the final status."""
    job.change(TransformJobStatus=status, TransformEndTime=now(), **values)
    announce(region, job)


def end_failed(region: Region, job: Job, reason: str) -> None:
    """Enter the status Failed."""
    end(region, job, "Failed", FailureReason=reason[:REASON_LENGTH])
