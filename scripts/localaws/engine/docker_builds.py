"""What a build's container has in the Docker engine: the build image, its settings and files, and its own Docker."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localaws import build_image, docker_images
from localaws.docker_network import DockerNetwork
from localaws.engine import ContainerSpec
from localaws.engine.curated import BUILD_IMAGE
from localaws.engine.docker_owner import remove_labelled
from localaws.engine_socket.engine_proxy import serve
from localaws.engine_socket.translations import Names, Translations
from localaws.engine_socket.upstream import Upstream
from localaws.errors import PlatformError
from localaws.images import ImageNotFound
from localaws.settings import HostSettings
from localaws.vpc_routes import proxy_user

SOCKET = "/var/run/docker.sock"
BUILD = "localaws.build"


@contextlib.contextmanager
def for_build(
    client: Any,
    network: DockerNetwork,
    labels: Mapping[str, str],
    build_environment: Mapping[str, str],
    build_mounts: Mapping[str, Path],
    spec: ContainerSpec,
    privileged: bool,
) -> Iterator[ContainerSpec]:
    """Return ``spec`` with the image, variables and mounts of a build; ``privileged`` gives it a Docker engine.

    Variables whose value is the path of a file or folder of this machine bring it with them.
    """
    carried = {name: value for name, value in build_environment.items() if name != "PATH"}
    named = [Path(value) for value in carried.values() if value.startswith("/") and Path(value).exists()]
    complete = dataclasses.replace(
        spec,
        image=_image(client, spec.image),
        environment={**carried, **spec.environment},
        mounts={**{str(path): path for path in named}, **build_mounts, **spec.mounts},
        read_only_mounts={*spec.read_only_mounts, *build_mounts},
    )
    if not privileged:
        yield complete
        return
    with _engine(client, network, labels, complete) as socket:
        yield dataclasses.replace(complete, mounts={**complete.mounts, SOCKET: socket})


def _image(client: Any, uri: str) -> str:
    settings = HostSettings()
    if not BUILD_IMAGE.fullmatch(uri):
        return uri
    try:
        return settings.build_image or build_image.ensure(client, settings.https_proxy)
    except PlatformError as error:
        raise ImageNotFound(uri, f"has no stand-in: {error}") from error


@contextlib.contextmanager
def _engine(
    client: Any, network: DockerNetwork, labels: Mapping[str, str], spec: ContainerSpec
) -> Iterator[Path]:
    """Serve a Docker engine for one build; yield its socket. What the build made in it goes with the build."""
    build = uuid.uuid4().hex
    version = client.version()
    adapter = client.api.get_adapter(client.api.base_url)
    upstream = Upstream(Path(adapter.socket_path), version["ApiVersion"], version["MinAPIVersion"])
    # Short, because a socket's path ends at 108 bytes.
    with tempfile.TemporaryDirectory(prefix="la-") as folder:
        socket = Path(folder) / "docker.sock"
        translations = Translations(
            names=Names(docker_images.registry_prefix()),
            mounts={**spec.mounts, SOCKET: socket},
            labels={**labels, BUILD: build},
            proxy=proxy_user(network.endpoint, spec.subnet, spec.region),
            network=network.name if spec.private else "",
        )
        with serve(
            socket, upstream, translations, functools.partial(docker_images.made_here, client)
        ) as made:
            yield socket
        remove_labelled(client, f"{BUILD}={build}")
        docker_images.retire(client, made)
