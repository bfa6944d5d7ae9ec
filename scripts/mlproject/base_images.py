"""The Dockerfiles of projects come in; copies of the images that they begin with are in the platform's repository."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
from botocore.exceptions import ClientError
from docker.errors import APIError, DockerException, ImageNotFound

from mlproject.errors import PlatformError, UserError

if TYPE_CHECKING:
    import boto3

    from mlproject.console import Progress

Copy = Callable[["boto3.Session", str, Sequence[str], "Progress"], None]
"""Copies images into the ECR repository with this URI."""

PLATFORM = "linux/amd64"
_BASE = re.compile(r"^ARG\s+BASE=(?P<image>\S+)", re.MULTILINE)
_FOLDERS = ("seedcode", "containers", "lambda")
_LONGEST_TAG = 128


def named(dockerfile: Path) -> list[str]:
    """Return what a Dockerfile begins from unless told otherwise."""
    return [match["image"] for match in _BASE.finditer(dockerfile.read_text(encoding="utf-8"))]


def of_template(root: Path) -> list[str]:
    """Return what images of projects begin with."""
    dockerfiles = (path for folder in _FOLDERS for path in (root / folder).rglob("Dockerfile"))
    return sorted({image for path in dockerfiles for image in named(path)})


def tag(image: str) -> str:
    """Return the tag that an image's copy has; `image/offline.py` of the repositories looks for the same."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", image)[-_LONGEST_TAG:].lstrip(".-")


def copy(
    session: boto3.Session, repository: str, images: Iterable[str], progress: Progress, through: str = ""
) -> None:
    """Push what the repository lacks of ``images``, by the Docker engine of this machine.

    Parameters
    ----------
    repository
        URI of the ECR repository.
    through
        What the engine must put before ECR's names to reach it; empty for ECR itself.

    Raises
    ------
    UserError
        Images are missing and there is no engine here: they can be copied by other means, under the tags named.
    PlatformError
        An image could not be pulled or pushed.
    """
    ecr = session.client("ecr")
    missing = {tag(image): image for image in images if not _has(ecr, repository, tag(image))}
    if not missing:
        return
    engine = _engine(repository, missing)
    login = _login(ecr)
    for name, image in missing.items():
        progress(f"copying {image}")
        try:
            _found(engine, image).tag(f"{through}{repository}", name)
            for told in engine.images.push(
                f"{through}{repository}", name, auth_config=login, stream=True, decode=True
            ):
                if "error" in told:
                    raise PlatformError(
                        f"{image} could not be pushed to {repository}:{name}: {told['error']}"
                    )
        except APIError as error:
            raise PlatformError(f"{image} could not be copied to {repository}:{name}: {error}") from error


def _has(ecr: Any, repository: str, name: str) -> bool:
    try:
        ecr.describe_images(repositoryName=repository.partition("/")[2], imageIds=[{"imageTag": name}])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ImageNotFoundException":
            raise
        return False
    return True


def _engine(repository: str, missing: dict[str, str]) -> Any:
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        wanted = "; ".join(f"{image} as {repository}:{name}" for name, image in missing.items())
        raise UserError(
            f"no Docker engine answers here ({error}), which copies images into the account. Start one, or copy with"
            f" another tool: {wanted}"
        ) from error
    return client


def _found(engine: Any, image: str) -> Any:
    try:
        return engine.images.get(image)
    except ImageNotFound:
        return engine.images.pull(image, platform=PLATFORM)


def _login(ecr: Any) -> dict[str, str]:
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    return {"username": user, "password": password}
