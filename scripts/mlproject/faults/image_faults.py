"""Faults of images: one that cannot be built, and one whose tag is taken."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import docker

from mlproject import base_images
from mlproject.errors import PlatformError
from mlproject.faults.campaign import fault
from mlproject.faults.findings import Finding
from mlproject.faults.injection import until
from mlproject.faults.model_versions import pushed
from mlproject.faults.world import World, timed
from mlproject.rehearsal import logs
from mlproject.rehearsal.life import IMAGE_BUILD, IMAGES

DOCKERFILE = "container/Dockerfile"
BROKEN = "RUN exit 7"
ERROR = re.compile(r"error: .*returned a non-zero code: \d+")


@fault(
    "docker build failure",
    "the model image's Dockerfile is broken; the program of the stage Image builds it",
    in_docker="a commit breaks the model image's Dockerfile",
)
def docker_build_failure(world: World) -> Finding:
    return _build_in_pipeline(world) if world.local.engine.builds_images else _build_here(world)


def _build_in_pipeline(world: World) -> Finding:
    repository = world.train().project.names.repository("modelbuild")
    good = world.client("codecommit").get_file(repositoryName=repository, filePath=DOCKERFILE)["fileContent"]
    stage, told = pushed(world, repository, DOCKERFILE, broken(good.decode()).encode()).failure()
    if stage != "Image":
        raise PlatformError(f"{stage} failed instead of Image: {told}")
    with timed() as timer:
        repaired = pushed(world, repository, DOCKERFILE, good)
        until(
            lambda: repaired.stage_status(stage) == "Succeeded", "the old Dockerfile makes no image any more"
        )
    repaired.abandon()
    return _built(f"stage {stage}: {told}; its log: {_error(world, repository)}", timer.seconds)


def _error(world: World, repository: str) -> str:
    """Return the line of the stage's log that says what is wrong."""
    found = ERROR.search(logs.read(world.session, f"/aws/codebuild/{repository}-image"))
    if found is None:
        raise PlatformError("the log of the stage has no word of the Dockerfile's error")
    return found[0]


def _build_here(world: World) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "container"
        shutil.copytree(IMAGES["model"], context, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
        dockerfile = context / "Dockerfile"
        dockerfile.write_text(broken(dockerfile.read_text()))
        code, told = _ensure(world, context)
        if code == 0:
            raise PlatformError(f"a broken Dockerfile made an image: {told}")
    with timed() as timer:
        code, again = _ensure(world, IMAGES["model"])
        if code:
            raise PlatformError(f"the old Dockerfile makes no image any more: {again}")
    return _built(told, timer.seconds)


def _built(told: str, seconds: float) -> Finding:
    return Finding(told, "stage Image red; the image before stays in use", "taking the commit back", seconds)


@fault(
    "push of an existing immutable tag",
    "two builders push an image under the same content tag",
    in_docker="docker push of another image under the tag of the model's image",
)
def immutable_tag(world: World) -> Finding:
    ecr = world.client("ecr")
    repository = world.train().project.names.image_repository("model")
    image = next(
        each
        for each in ecr.describe_images(repositoryName=repository)["imageDetails"]
        if each.get("imageTags")
    )
    digest, tag = image["imageDigest"], image["imageTags"][0]
    push = _push_by_docker if world.local.engine.builds_images else _push_by_api
    told = push(world, repository, digest, tag)
    if "immutable" not in told:
        raise PlatformError(f"a second image took the tag of the first: {told}")
    with timed() as timer:
        code, uri = _ensure(world, IMAGES["model"])
        if code or not uri.endswith(digest):
            raise PlatformError(f"the second builder does not take the first's image: {uri}")
    return Finding(
        told, "the first image keeps the tag", "by itself: the second builder takes it", timer.seconds
    )


def _push_by_api(world: World, repository: str, digest: str, tag: str) -> str:
    """Put a manifest that differs by a space under the tag; return what is answered."""
    ecr = world.client("ecr")
    named = {"imageDigest": digest}
    manifest = ecr.batch_get_image(repositoryName=repository, imageIds=[named])["images"][0]["imageManifest"]
    other = manifest.replace("{", "{ ", 1)
    try:
        ecr.put_image(repositoryName=repository, imageManifest=other, imageTag=tag)
    except ecr.exceptions.ClientError as error:
        return str(error)
    return ""


def _push_by_docker(world: World, repository: str, digest: str, tag: str) -> str:
    """Push the base image under the tag; return what the registry answers."""
    client = docker.from_env()
    local = f"{urlsplit(world.local.endpoint).netloc}/{_uri(world, repository)}"
    token = world.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    client.images.get(base_images.named(IMAGES["model"] / "Dockerfile")[0]).tag(local, tag)
    try:
        answers = client.images.push(
            local,
            tag,
            auth_config={"username": user, "password": password},
            stream=True,
            decode=True,
        )
        return " ".join(each["error"] for each in answers if "error" in each)
    finally:
        client.images.remove(f"{local}:{tag}")


def broken(dockerfile: str) -> str:
    """Let a Dockerfile fail at its first step."""
    lines = dockerfile.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("FROM "))
    return "\n".join([*lines[: first + 1], BROKEN, *lines[first + 1 :], ""])


def _uri(world: World, repository: str) -> str:
    described = world.client("ecr").describe_repositories(repositoryNames=[repository])["repositories"]
    return str(described[0]["repositoryUri"])


def _ensure(world: World, context: Path) -> tuple[int, str]:
    """Run the image build as the stage Image does; return its exit code and its last line."""
    repository = world.train().project.names.image_repository("model")
    ran = subprocess.run(  # noqa: S603 - the template's own program
        [sys.executable, str(IMAGE_BUILD), "ensure", str(context)],
        env=os.environ | {"IMAGE_REPOSITORY_URI": _uri(world, repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (ran.stdout if ran.returncode == 0 else ran.stderr).strip().splitlines()
    return ran.returncode, lines[-1] if lines else ""
