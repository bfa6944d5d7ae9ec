"""How localaws runs a container: the contract every execution engine meets; services use nothing below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


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
        Container path -> host folder. The process engine rewrites these paths in command, arguments and
        environment; ``/opt/ml`` also through ``ML_ROOT``.
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


class Container(Protocol):
    """A started container."""

    @property
    def address(self) -> str:
        """``http://127.0.0.1:<port>`` of the published port."""

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise ``TimeoutError`` when it still runs after ``timeout`` seconds."""

    def running(self) -> bool:
        """Tell whether the main process is alive."""

    def stop(self, grace: float = 30.0) -> int:
        """Send SIGTERM to everything in the container, SIGKILL after ``grace``; return the exit code."""


class Engine(Protocol):
    """Runs containers on this machine."""

    name: str

    def start(self, spec: ContainerSpec) -> Container:
        """Start a container; raise ``localaws.images.ImageNotFound`` when there is no such image."""

    def close(self) -> None:
        """End every container that this engine started."""
