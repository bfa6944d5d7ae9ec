"""What processing and training jobs share: a folder that is /opt/ml, a container run in it, a stop, an end."""

from __future__ import annotations

import json
import shutil
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound

from localaws.engine import Container, ContainerSpec
from localaws.images import ImageNotFound
from localaws.runtime import runtime
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.storage import Bucket, StorageError

OPT_ML = "/opt/ml"
STOP_GRACE_SECONDS = 120.0
REASON_LENGTH = 1024
HOST = "algo-1"


@dataclass(eq=False)
class Job(Resource):
    """A processing or training job, running or ended.

    Attributes
    ----------
    finished
        Set when the job has its final status.
    stopping
        A stop was asked for.
    container
        The running container, once there is one.
    """

    finished: threading.Event = field(default_factory=threading.Event)
    stopping: bool = False
    container: Container | None = None


class JobFailed(Exception):
    """The job ends as Failed with this reason."""


class JobRun(ABC):
    """One job's run, from its inputs to its last event.

    Parameters
    ----------
    region
        Where the job lives.
    job
        The job; its description is brought up to date as the run goes on.
    """

    kind: str
    log_group: str

    def __init__(self, region: Region, job: Job) -> None:
        self.region = region
        self.job = job
        self.detail = job.detail
        self.folder = runtime().data / "sagemaker" / region.account / region.name / self.kind / job.name
        self.bucket = Bucket(runtime().client("s3", region.name, self.detail["RoleArn"]))
        self.last_lines: deque[str] = deque(maxlen=20)
        self.timed_out = False

    def run(self) -> None:
        """Run the job to its end; whatever happens, the job gets a final status."""
        try:
            self.execute()
        except JobFailed as error:
            self.fail(str(error))
        except ImageNotFound as error:
            self.fail(f"ClientError: Cannot find repository or image: {error.uri}")
        except StorageError as error:
            self.fail(f"ClientError: {error}")
        except Exception as error:
            self.fail(f"InternalServerError: We encountered an internal error. Please try again. ({error})")
            raise
        finally:
            self.job.finished.set()
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    @abstractmethod
    def isolated(self) -> bool:
        """The job has network isolation: its container gets no credentials (the process engine cuts no network)."""

    @abstractmethod
    def execute(self) -> None:
        """Fetch the inputs, run the container, deliver the outputs, set the final status."""

    @abstractmethod
    def fail(self, reason: str) -> None:
        """Set the status Failed."""

    def host_path(self, container_path: str) -> Path:
        """Return the folder on this machine that is ``container_path`` in the container."""
        return self.folder / Path(container_path).relative_to(OPT_ML)

    def run_container(
        self, image: str, command: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]
    ) -> int:
        """Run the job's container until it ends, is stopped or is out of time; return its exit code."""
        write_log = runtime().log_writer(
            self.region.name, self.log_group, f"{self.job.name}/{HOST}-{int(now().timestamp())}"
        )

        def log(line: str) -> None:
            self.last_lines.append(line)
            self.read_line(line)
            write_log(line)

        spec = ContainerSpec(
            name=f"{self.kind}/{self.job.name}",
            image=image,
            command=command,
            arguments=arguments,
            environment=environment,
            mounts={OPT_ML: self.folder},
            role_arn="" if self.isolated else self.detail["RoleArn"],
            region=self.region.name,
            log=log,
        )
        container = runtime().engine.start(spec)
        with LOCK:
            self.job.container = container
            stopping = self.job.stopping
        if stopping:
            return container.stop(STOP_GRACE_SECONDS)
        return self._wait(container)

    def read_line(self, line: str) -> None:  # noqa: B027 - a job that looks for nothing in its log is complete
        """See a line that the container wrote."""

    def write_config(self, path: str, value: Any) -> None:
        """Write a JSON file that the container reads."""
        target = self.host_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(value, default=str), encoding="utf-8")

    def write_resource_config(self, path: str, instance_type: str) -> None:
        """Write the file that tells the container of its one host."""
        group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": [HOST]}
        self.write_config(
            path,
            {
                "current_host": HOST,
                "current_instance_type": instance_type,
                "current_group_name": "homogeneousCluster",
                "hosts": [HOST],
                "instance_groups": [group],
                "network_interface_name": "lo",
            },
        )

    def message_file(self, path: str) -> str:
        """Return the beginning of a file that the container may have left."""
        target = self.host_path(path)
        if not target.is_file():
            return ""
        return target.read_text(encoding="utf-8", errors="replace")[:REASON_LENGTH].strip()

    def _wait(self, container: Container) -> int:
        try:
            return container.wait(self.detail.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"))
        except TimeoutError:
            self.timed_out = True
            return container.stop(STOP_GRACE_SECONDS)


def find(region: Region, table: str, name: str) -> Job:
    """Return a job of one of the region's tables."""
    job: Job | None = region.table(table).get(name)
    if job is None:
        raise ResourceNotFound("Requested resource not found.")
    return job


def forget(region: Region, table: str, name: str, kind: str) -> None:
    """Delete a job that has ended; ``kind`` is how a refusal calls it."""
    job = find(region, table, name)
    if not job.finished.is_set():
        raise ResourceInUseException(f"{kind} job {job.arn} is still running.")
    with LOCK:
        region.table(table).pop(job.name, None)


def stop(job: Job) -> None:
    """End the job's container, or keep it from starting; the run then sets the final status."""
    with LOCK:
        job.stopping = True
        container = job.container
    if container is not None:
        runtime().spawn(f"stop {job.name}", lambda: _stop_container(container))


def _stop_container(container: Container) -> None:
    container.stop(STOP_GRACE_SECONDS)
