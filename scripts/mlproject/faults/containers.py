"""A build, job, endpoint or function comes in by name, what runs of it goes out: to be killed, starved or frozen."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import docker
import docker.errors

from mlproject.errors import PlatformError
from mlproject.faults.injection import PROC, kill, processes

NAME_LABEL = "localaws.name"
FUNCTION = "function/"
STARVED_MB = 100
"""Less than the libraries of a training take."""


class RunningContainer(Protocol):
    """A container at work."""

    def kill(self) -> None:
        """End it with no chance to clean up."""

    def starve(self) -> None:
        """Let it want more memory than there is."""

    def freeze(self) -> None:
        """Let it stand still."""

    def thaw(self) -> None:
        """Let it go on."""


class Containers(Protocol):
    """What the engine runs."""

    def find(self, name: str) -> list[RunningContainer]:
        """Return the containers of the job or endpoint of this name, in the order of their start."""

    def functions(self, name: str) -> list[RunningContainer]:
        """Return the instances of the Lambda function of this name."""

    def kill_program(self, build: str, command: str) -> None:
        """End the programs of a build whose command holds this text, with no chance to clean up."""


@dataclass(frozen=True)
class ProcessContainer:
    """The processes that stand for a container."""

    processes: tuple[int, ...]

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def starve(self) -> None:
        # What the kernel does then; there is no limit that a process could be given.
        self.kill()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


class ProcessContainers:
    """Containers that the engine runs as processes of this machine."""

    def find(self, name: str) -> list[RunningContainer]:
        # A container's /opt/ml is a folder of this machine that bears the job's or the endpoint's name.
        folder = re.compile(rf"ML_ROOT=([^\0]*{re.escape(name)}[-/][^\0]*)\0")
        found: dict[str, list[int]] = defaultdict(list)
        for process in processes(name):
            with contextlib.suppress(OSError):
                environment = (PROC / str(process) / "environ").read_text(errors="replace")
                if match := folder.search(environment):
                    found[match[1]].append(process)
        return [ProcessContainer(tuple(each)) for each in sorted(found.values(), key=max)]

    def functions(self, name: str) -> list[RunningContainer]:
        found = processes(f"AWS_LAMBDA_FUNCTION_NAME={name}\0")
        return [ProcessContainer(tuple(found))] if found else []

    def kill_program(self, build: str, command: str) -> None:
        kill(f"CODEBUILD_BUILD_ID={build}", command)


@dataclass(frozen=True)
class DockerContainer:
    """A container of the Docker engine."""

    container: Any

    def kill(self) -> None:
        self.container.kill()

    def starve(self) -> None:
        self.container.update(mem_limit=f"{STARVED_MB}m", memswap_limit=f"{STARVED_MB}m")

    def freeze(self) -> None:
        self.container.pause()

    def thaw(self) -> None:
        # Somebody may have ended it meanwhile.
        with contextlib.suppress(docker.errors.APIError):
            self.container.unpause()


class DockerContainers:
    """Containers that the engine runs in Docker."""

    def __init__(self) -> None:
        self._client = docker.from_env()

    def find(self, name: str) -> list[RunningContainer]:
        # A stage's endpoint and its function have one name.
        named = self._named(lambda label: f"/{name}/" in label and not label.startswith(FUNCTION))
        return [DockerContainer(each) for each in sorted(named, key=lambda each: each.attrs["Created"])]

    def functions(self, name: str) -> list[RunningContainer]:
        return [
            DockerContainer(each)
            for each in self._named(lambda label: label.startswith(f"{FUNCTION}{name}/"))
        ]

    def kill_program(self, build: str, command: str) -> None:
        # Of the build's own user and from within: the program is another user's, and has another number, out here.
        for container in self._named(lambda label: label.endswith(f"/{build}")):
            code, told = container.exec_run(["pkill", "-KILL", "-f", command])
            if code:
                raise PlatformError(f"{command} cannot be killed in {build}: {told.decode().strip()}")

    def _named(self, meant: Callable[[str], bool]) -> list[Any]:
        listed = self._client.containers.list(filters={"label": NAME_LABEL}, ignore_removed=True)
        return [each for each in listed if meant(each.labels[NAME_LABEL])]


def containers(engine: str) -> Containers:
    """Return the way to the containers of an engine."""
    return DockerContainers() if engine == "docker" else ProcessContainers()
