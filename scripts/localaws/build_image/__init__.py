"""The image that stands in for CodeBuild's own: made here once from the Dockerfile beside this file."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import docker.errors
import requests

from localaws.errors import PlatformError

FOLDER = Path(__file__).parent
SOURCES = ("Dockerfile", "requirements.txt")
NAME = "localaws/build-image"
BUILD_SECONDS = 1200
log = logging.getLogger("localaws")
_lock = threading.Lock()


def ensure(client: Any, proxy: str) -> str:
    """Return the name by which the engine has the image, made when it is not there.

    Parameters
    ----------
    client
        A client of the Docker engine.
    proxy
        The machine's own HTTPS proxy, empty for none.

    Raises
    ------
    PlatformError
        When it cannot be made: its base or its packages cannot be had.
    """
    content = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in SOURCES)).hexdigest()
    return ensure_made(client, proxy, FOLDER, f"{NAME}:{content[:12]}")


def ensure_made(
    client: Any, proxy: str, folder: Path, name: str, build_args: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the name of an image that is made from a folder's Dockerfile when it is not there."""
    with _lock:
        try:
            client.images.get(name)
        except docker.errors.ImageNotFound:
            _make(client, folder, name, proxy, build_args)
    return name


def _make(client: Any, folder: Path, name: str, proxy: str, build_args: Mapping[str, str]) -> None:
    log.info("making the image %s, which takes some minutes once", name)
    try:
        # With the machine's own network, because a bridge's way to the internet may be closed.
        client.images.build(
            path=str(folder),
            tag=name,
            rm=True,
            forcerm=True,
            network_mode="host",
            timeout=BUILD_SECONDS,
            buildargs={**build_args, **({"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy} if proxy else {})},
        )
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise PlatformError(f"the image {name} cannot be made from {folder}/Dockerfile: {error}") from error
