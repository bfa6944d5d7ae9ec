"""How localaws runs a container: the contract every execution engine meets; services use nothing below it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Cluster:
    """Containers that reach each other, as the hosts of one job do.

    Attributes
    ----------
    name
        The engine's name for it.
    hosts
        One name for each container, by which the others reach it: ``algo-1``, ``algo-2``, ... in Docker;
        addresses of the loopback interface where containers are processes and there is more than one.
    interface
        The network interface on which they meet.
    """

    name: str
    hosts: tuple[str, ...]
    interface: str


@dataclass(frozen=True)
class ContainerSpec:
    """What to run.

    Attributes
    ----------
    name
        Unique, for logs and process titles: ``training/churn-2026...``.
    image
        Image URI: one in ECR (by tag or digest), or a curated CodeBuild image (``aws/codebuild/...``).
    command
        Replaces the image's ENTRYPOINT and CMD (SageMaker's ContainerEntrypoint); empty keeps them.
    arguments
        Appended after the entry point (SageMaker's ContainerArguments, or ``train`` / ``serve``).
    environment
        As the service would set it, without the engine's own additions.
    mounts
        Container path -> host folder, file or socket. The process engine rewrites these paths in command,
        arguments and environment; ``/opt/ml`` also through ``ML_ROOT``.
    workdir
        Container path to start in; empty keeps the image's.
    role_arn
        The role whose credentials the container gets; empty for none.
    region
        Region the container runs in.
    log
        Called with each line of output, without its newline.
    port
        Container port to publish, 0 for none.
    cluster, host
        The cluster that it belongs to and its own name there, one of the cluster's ``hosts``.
    memory_mb, cpus
        The most it may have, 0 for as much as there is. An engine gives no more than the machine has.
        The process engine does not limit.
    user
        ``uid:gid``; empty keeps the image's. The process engine runs all as its own user.
    read_only_root
        Nothing but the mounts, ``/tmp`` and the usual folders of run time state can be written to; not so in
        the process engine.
    read_only_mounts
        Paths among the mounts that cannot be written to; not so in the process engine.
    tmp_mb
        Size of ``/tmp``, 0 for no limit; only with ``read_only_root``.
    unprivileged
        Without any of root's capabilities; the process engine has none to take away.
    isolated
        Reaches nothing but its cluster; the process engine cuts no network.
    subnet
        The subnet of a VPC that it runs in, by whose routes the server's proxy lets it through; empty for none.
    private
        Of that subnet no route leads out: it reaches its cluster and the server; the process engine cuts no network.
    """

    name: str
    image: str
    command: Sequence[str] = ()
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, Path] = field(default_factory=dict)
    workdir: str = ""
    role_arn: str = ""
    region: str = "us-east-1"
    log: Callable[[str], None] = print
    port: int = 0
    cluster: Cluster | None = None
    host: str = ""
    memory_mb: int = 0
    cpus: float = 0.0
    user: str = ""
    read_only_root: bool = False
    read_only_mounts: Collection[str] = ()
    tmp_mb: int = 0
    unprivileged: bool = False
    isolated: bool = False
    subnet: str = ""
    private: bool = False


class Container(Protocol):
    """A started container."""

    @property
    def address(self) -> str:
        """``http://<address>:<port>`` at which this machine reaches the published port."""

    @property
    def out_of_memory(self) -> bool:
        """Tell whether it was killed because it wanted more than its memory."""

    def known_as(self, path: str) -> str:
        """Return by which path the container's programs find what is mounted at ``path``."""

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise ``TimeoutError`` when it still runs after ``timeout`` seconds."""

    def running(self) -> bool:
        """Tell whether the main process is alive."""

    def stop(self, grace: float = 30.0) -> int:
        """Send SIGTERM to everything in the container, SIGKILL after ``grace``; return the exit code."""


class Engine(Protocol):
    """Runs containers on this machine."""

    name: str

    @property
    def host_address(self) -> str:
        """The address of this machine that containers reach; who serves them something listens there."""

    def start(self, spec: ContainerSpec) -> Container:
        """Start a container; raise ``localaws.images.ImageNotFound`` when there is no such image."""

    def for_build(self, spec: ContainerSpec, privileged: bool) -> AbstractContextManager[ContainerSpec]:
        """Complete the container of a build with what a build image has here: tools' settings, caches and, when
        ``privileged``, a Docker engine. The container must have ended when the context is left."""

    def cluster(self, size: int, isolated: bool = False) -> AbstractContextManager[Cluster]:
        """Make names and a network for ``size`` containers; they must have ended when the context is left."""

    def close(self) -> None:
        """End every container that this engine started."""
