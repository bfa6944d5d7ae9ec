"""The Docker engine: containers, networks and limits as the services ask for them, everything labelled and removed."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker.errors

from localaws import docker_images
from localaws.docker_network import DockerNetwork
from localaws.engine import Cluster, Container, ContainerSpec, docker_builds
from localaws.engine.curated import LAMBDA_IMAGE
from localaws.engine.docker_container import DockerContainer
from localaws.engine.docker_options import HostLimits, create_options, writable_folders
from localaws.engine.docker_owner import Owner, remove_orphans, remove_owned
from localaws.engine.docker_ownership import give_back, own
from localaws.engine.docker_reaper import Reaper
from localaws.engine.process import ProcessEngine
from localaws.engine.subnets import in_subnet
from localaws.images import ImageNotFound
from localaws.runtime import Runtime

CLOSE_GRACE_SECONDS = 2.0
NO_NETWORK = "none"


class DockerEngine:
    """Runs containers by a Docker engine of this machine.

    Parameters
    ----------
    client
        A client of the engine.
    runtime
        The server: data folder, images and the environment that reaches AWS.
    processes
        Runs what has no image here: functions from archives.
    build_environment, build_mounts
        Variables that a build image carries, and files and folders by their paths in it.
    """

    name = "docker"

    def __init__(
        self,
        client: Any,
        runtime: Runtime,
        processes: ProcessEngine,
        build_environment: Mapping[str, str],
        build_mounts: Mapping[str, Path],
    ) -> None:
        self._client = client
        self._build_environment = build_environment
        self._build_mounts = build_mounts
        self._processes = processes
        self._owner = Owner.this_process()
        remove_orphans(client)
        docker_images.remove_registry_names(client)
        self._reaper = Reaper(self._owner.id)
        self._network = DockerNetwork(client, runtime, self._owner.labels)
        self._private = DockerNetwork(client, runtime, self._owner.labels, private=True)
        self._data = runtime.data
        self._registry_port = urlsplit(runtime.endpoint).port
        self._limits = HostLimits.read(client.info())
        self._numbers = itertools.count(1)
        self._running: dict[str, DockerContainer] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def host_address(self) -> str:
        """The address of this machine in the containers' network."""
        return self._network.gateway

    def start(self, spec: ContainerSpec) -> Container:
        """Start a container; raise ``localaws.images.ImageNotFound`` when there is no such image."""
        if LAMBDA_IMAGE.fullmatch(spec.image):
            return self._processes.start(spec)
        image = docker_images.find(self._client, spec.image, spec.region)
        network = self._network_of(spec)
        made = self._create(self._complete(spec), image, network)
        container = DockerContainer(spec, made, network, lambda ended: self._end(ended, spec, image))
        try:
            with self._lock:
                self._check_open()
                self._running[container.id] = container
            container.start()
        except BaseException:
            self._forget(container)
            container.remove()
            raise
        return container

    def for_build(
        self, spec: ContainerSpec, privileged: bool
    ) -> contextlib.AbstractContextManager[ContainerSpec]:
        """Complete a build's container; ``privileged`` gives it a Docker engine."""
        return docker_builds.for_build(
            self._client,
            self._server_network(spec),
            self._owner.labels,
            self._build_environment,
            self._build_mounts,
            spec,
            privileged,
        )

    def _create(self, spec: ContainerSpec, image: str, network: str) -> Any:
        options = create_options(spec, self._limits)
        if spec.cluster is not None:
            endpoint = self._client.api.create_endpoint_config(aliases=[spec.host])
            options["networking_config"] = {network: endpoint}
        try:
            made = self._client.containers.create(
                image,
                name=f"localaws-{self._owner.id[:8]}-{next(self._numbers)}-{_slug(spec.name)}",
                environment=dict(spec.environment),
                network=network,
                labels={**self._owner.labels, "localaws.name": spec.name},
                **options,
            )
        except docker.errors.ImageNotFound as error:
            raise ImageNotFound(spec.image) from error
        if spec.private and spec.cluster is not None and not spec.isolated:
            self._private.connect(made)
        return made

    def _server_network(self, spec: ContainerSpec) -> DockerNetwork:
        """Return the network at whose gateway a container reaches the server."""
        return self._private if spec.private else self._network

    def _complete(self, spec: ContainerSpec) -> ContainerSpec:
        """Return the specification with what makes AWS reachable at its own names."""
        if spec.isolated:
            region = {"AWS_REGION": spec.region, "AWS_DEFAULT_REGION": spec.region}
            return dataclasses.replace(spec, environment={**region, **spec.environment})
        network = self._server_network(spec)
        inside, environment = network.mounts, network.environment(spec.region, spec.role_arn)
        return dataclasses.replace(
            spec,
            environment={**in_subnet(environment, spec), **spec.environment},
            mounts={**inside, **spec.mounts},
            read_only_mounts={*inside, *spec.read_only_mounts},
        )

    def _network_of(self, spec: ContainerSpec) -> str:
        if spec.cluster is not None:
            return spec.cluster.name
        if not spec.isolated:
            return self._server_network(spec).name
        return self._isolated_network() if spec.port else NO_NETWORK

    @contextlib.contextmanager
    def cluster(self, size: int, isolated: bool = False) -> Iterator[Cluster]:
        """Make a network in which ``size`` hosts find each other by their names."""
        name = f"localaws-{self._owner.id[:8]}-cluster-{next(self._numbers)}"
        network = self._client.networks.create(
            name, driver="bridge", internal=isolated, labels=self._owner.labels
        )
        try:
            yield Cluster(name, tuple(f"algo-{number}" for number in range(1, size + 1)), "eth0")
        finally:
            # The removal of an ended container may still be under way; the server's end removes the rest.
            with contextlib.suppress(docker.errors.APIError):
                network.remove()

    def _isolated_network(self) -> str:
        """Return the network of what serves without reaching anything, made once."""
        name = f"localaws-{self._owner.id[:8]}-isolated"
        with self._lock:
            if not self._client.networks.list(names=[name]):
                self._client.networks.create(name, driver="bridge", internal=True, labels=self._owner.labels)
        return name

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the engine is closed: the server is ending")

    def _end(self, container: DockerContainer, spec: ContainerSpec, image: str) -> None:
        folders = [folder for folder in writable_folders(spec).values() if own(folder, self._data)]
        give_back(self._client, image, folders, self._owner.labels, os.geteuid(), os.getegid())
        self._forget(container)

    def _forget(self, container: DockerContainer) -> None:
        with self._lock:
            self._running.pop(container.id, None)

    def close(self) -> None:
        """End every container that this engine started, and remove all that was made for it."""
        with self._lock:
            self._closed = True
            containers = list(self._running.values())
        stops = [
            threading.Thread(target=container.stop, args=(CLOSE_GRACE_SECONDS,)) for container in containers
        ]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        self._processes.close()
        self._network.close()
        self._private.close()
        remove_owned(self._client, self._owner.id)
        docker_images.remove_registry_names(self._client, self._registry_port)
        self._reaper.close()
        self._client.close()


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[-80:]
