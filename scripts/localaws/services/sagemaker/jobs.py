"""What the kinds of jobs share: hosts that are a folder and a container each, a stop, an end."""

from __future__ import annotations

import json
import shutil
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound

from localaws.engine import Cluster, ContainerSpec
from localaws.images import ImageNotFound
from localaws.runtime import runtime
from localaws.services.sagemaker.container_images import may_pull_image
from localaws.services.sagemaker.instance_types import machine
from localaws.services.sagemaker.job_hosts import OPT_ML, Ended, Host, HostGroup, make_hosts
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.storage import Bucket, StorageError
from localaws.vpc_routes import Placement, placement

REASON_LENGTH = 1024
INSTANCE_GROUP = "homogeneousCluster"
OUT_OF_MEMORY = (
    "ClientError: Please use an instance type with more memory, or reduce the size of the data that an "
    "instance processes."
)
SHARDED = "ShardedByS3Key"


class Stoppable(Protocol):
    """What runs for a job."""

    def stop(self) -> None:
        """End it; return when nothing is left."""


@dataclass(eq=False)
class Job(Resource):
    """A processing, training or transform job, running or ended.

    Attributes
    ----------
    finished
        Set when the job has its final status.
    stopping
        A stop was asked for.
    containers
        The running containers, once there are any.
    """

    finished: threading.Event = field(default_factory=threading.Event)
    stopping: bool = False
    containers: Stoppable | None = None


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
    cluster: Cluster

    def __init__(self, region: Region, job: Job) -> None:
        self.region = region
        self.job = job
        self.detail = job.detail
        self.folder = runtime().data / "sagemaker" / region.account / region.name / self.kind / job.name
        self.hosts: list[Host] = []
        self.bucket = Bucket(runtime().client("s3", region.name, self.role))
        self.last_lines: deque[str] = deque(maxlen=20)
        self.timed_out = False

    def run(self) -> None:
        """Run the job to its end; whatever happens, the job gets a final status."""
        try:
            closed = self.isolated or self.placement["private"]
            with runtime().engine.cluster(self.instances.get("InstanceCount", 1), closed) as cluster:
                self.cluster = cluster
                self.hosts = make_hosts(cluster, self.folder)
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
    def role(self) -> str:
        """The role that the job acts as."""
        return str(self.detail["RoleArn"])

    @property
    @abstractmethod
    def instances(self) -> Mapping[str, Any]:
        """InstanceType and InstanceCount."""

    @property
    @abstractmethod
    def isolated(self) -> bool:
        """The job has network isolation: its container gets no credentials (the process engine cuts no network)."""

    @property
    def placement(self) -> Placement:
        """Where in which VPC the job's containers run."""
        network = self.detail.get("NetworkConfig", self.detail)
        return placement(self.region.name, network.get("VpcConfig", {}).get("Subnets", ()))

    @abstractmethod
    def execute(self) -> None:
        """Fetch the inputs, run the container, deliver the outputs, set the final status."""

    @abstractmethod
    def fail(self, reason: str) -> None:
        """Set the status Failed."""

    def run_containers(
        self, image: str, command: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]
    ) -> Ended:
        """Run a container on every host until all end, one fails, they are stopped or out of time."""
        specs = {host: self.spec(host, image, command, arguments, environment) for host in self.hosts}
        group = self.start_containers(specs)
        ended = group.wait(self.detail.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"))
        self.timed_out = ended.timed_out
        if ended.out_of_memory and not self.job.stopping:
            raise JobFailed(OUT_OF_MEMORY)
        return ended

    def spec(
        self,
        host: Host,
        image: str,
        command: Sequence[str],
        arguments: Sequence[str],
        environment: Mapping[str, str],
    ) -> ContainerSpec:
        """Return what a host runs."""
        write_log = runtime().log_writer(
            self.region.name,
            self.log_group,
            f"{self.job.name}/{host.label}-{int(now().timestamp())}",
            self.role,
        )

        def log(line: str) -> None:
            self.last_lines.append(line)
            self.read_line(line)
            write_log(line)

        return ContainerSpec(
            name=f"{self.kind}/{self.job.name}/{host.label}",
            image=image,
            command=command,
            arguments=arguments,
            environment=environment,
            mounts={OPT_ML: host.folder},
            role_arn="" if self.isolated else self.role,
            region=self.region.name,
            log=log,
            cluster=self.cluster,
            host=host.name,
            isolated=self.isolated,
            **self.placement,
            **machine(self.instances["InstanceType"]),
        )

    def start_containers(self, specs: Mapping[Host, ContainerSpec]) -> HostGroup:
        """Start the hosts' containers, so that a stop of the job reaches them."""
        for image in {spec.image for spec in specs.values()}:
            if not may_pull_image(self.region, image, self.role):
                raise JobFailed(f"ClientError: {self.role} may not pull the image {image}")
        group = HostGroup(specs)
        with LOCK:
            self.job.containers = group
            stopping = self.job.stopping
        if stopping:
            group.stop()
        return group

    def read_line(self, line: str) -> None:  # noqa: B027 - a job that looks for nothing in its log is complete
        """See a line that a container wrote."""

    def write_config(self, path: str, value: Any) -> None:
        """Write a JSON file that every host's container reads."""
        for host in self.hosts:
            _write_json(host, path, value)

    def write_resource_config(self, path: str) -> None:
        """Write the file that tells each container of its host and the others."""
        instance_type = self.instances["InstanceType"]
        names = [host.name for host in self.hosts]
        group = {"instance_group_name": INSTANCE_GROUP, "instance_type": instance_type, "hosts": names}
        shared = {
            "current_instance_type": instance_type,
            "current_group_name": INSTANCE_GROUP,
            "hosts": names,
            "instance_groups": [group],
            "network_interface_name": self.cluster.interface,
        }
        for host in self.hosts:
            _write_json(host, path, {"current_host": host.name, **shared})

    def make_folder(self, path: str) -> None:
        """Make a folder in every host's container."""
        for host in self.hosts:
            host.path(path).mkdir(parents=True, exist_ok=True)

    def fetch(self, uri: str, path: str, distribution: str, where: str) -> None:
        """Copy the objects below ``uri`` into a folder of every host's container.

        Parameters
        ----------
        uri, path
            From the prefix, to the folder.
        distribution
            FullyReplicated, or ShardedByS3Key: every host gets its part of the objects.
        where
            How the reason calls this input when there is no object at all.
        """
        self.make_folder(path)
        keys = self.bucket.keys(uri)
        if not keys:
            raise JobFailed(
                f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}" given in {where}.'
            )
        for place, host in enumerate(self.hosts):
            part = keys[place :: len(self.hosts)] if distribution == SHARDED else keys
            self.bucket.download_keys(uri, part, host.path(path))

    def message_file(self, host: Host, path: str) -> str:
        """Return the beginning of a file that a host's container may have left."""
        target = host.path(path)
        if not target.is_file():
            return ""
        return target.read_text(encoding="utf-8", errors="replace")[:REASON_LENGTH].strip()


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
    """End the job's containers, or keep them from starting; the run then sets the final status."""
    with LOCK:
        job.stopping = True
        containers = job.containers
    if containers is not None:
        runtime().spawn(f"stop {job.name}", containers.stop)


def _write_json(host: Host, path: str, value: Any) -> None:
    target = host.path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(value, default=str), encoding="utf-8")
