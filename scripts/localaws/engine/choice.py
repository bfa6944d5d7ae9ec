"""Which engine runs containers, and why: asked for, or found out about this machine; `make_engine` makes it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests

from localaws.engine import Engine
from localaws.engine.process import ProcessEngine
from localaws.errors import PlatformError
from localaws.runtime import Runtime
from localaws.settings import HostSettings

CLIENT_SECONDS = 60
CONNECTIONS = 64


class Wanted(enum.StrEnum):
    """What the user may ask for."""

    AUTO = "auto"
    DOCKER = "docker"
    PROCESSES = "processes"


@dataclass(frozen=True)
class Choice:
    """The engine to make.

    Attributes
    ----------
    reason
        One sentence for the user.
    client
        A client of the Docker engine; None stands for processes.
    """

    reason: str
    client: Any = None


PROCESSES = Choice("processes were asked for")


class NoDocker(Exception):
    """Containers cannot be run by Docker here; the message says why."""


def choose(wanted: Wanted, base_images: Sequence[str] = ()) -> Choice:
    """Find out what this machine can do; raise ``PlatformError`` when Docker is wanted and cannot be had.

    Parameters
    ----------
    wanted
        ``auto`` takes Docker where an engine answers and every base image is there or can be pulled.
    base_images
        Images that builds begin from.
    """
    if wanted == Wanted.PROCESSES:
        return PROCESSES
    try:
        client = _usable_client()
        for image in base_images:
            _have(client, image)
    except NoDocker as error:
        if wanted == Wanted.DOCKER:
            raise PlatformError(f"{error}; --engine processes needs no Docker") from error
        return Choice(f"{error}")
    return Choice(f"Docker {client.version()['Version']} answers", client)


def make_engine(
    choice: Choice,
    runtime: Runtime,
    settings: HostSettings,
    build_environment: Mapping[str, str],
    build_mounts: Mapping[str, Path],
) -> Engine:
    """Make the chosen engine.

    Parameters
    ----------
    choice
        Which.
    runtime, settings
        The server, and what the host gives.
    build_environment, build_mounts
        Variables that a build image carries, and files and folders by their paths in it.
    """
    processes = ProcessEngine(runtime, settings, build_environment)
    if choice.client is None:
        return processes
    # What only Docker needs is loaded only for Docker.
    from localaws.engine.docker_engine import DockerEngine

    return DockerEngine(choice.client, runtime, processes, build_environment, build_mounts)


def _usable_client() -> Any:
    try:
        client = docker.from_env(timeout=CLIENT_SECONDS, max_pool_size=CONNECTIONS)
        info = client.info()
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise NoDocker("no Docker engine answers") from error
    if not client.api.base_url.startswith(("http+docker://", "http+unix://")):
        raise NoDocker(f"the Docker engine at {client.api.base_url} is not one of this machine")
    if info["OSType"] != "linux":
        raise NoDocker(f"the Docker engine runs {info['OSType']} containers")
    if "name=rootless" in (info.get("SecurityOptions") or ()):
        raise NoDocker("the Docker engine is rootless: its containers have no network with this machine")
    return client


def _have(client: Any, image: str) -> None:
    try:
        client.images.get(image)
        return
    except docker.errors.ImageNotFound:
        pass
    try:
        client.images.pull(image)
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise NoDocker(f"the base image {image} is not here and cannot be pulled") from error
