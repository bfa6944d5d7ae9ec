"""A project of somebody else's kind builds an image in Docker, pushes it to ECR under its real name and runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.engine.choice import Wanted, choose
from localaws.server import LocalAws

pytestmark = pytest.mark.docker

REGION = "eu-central-1"
REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/theirs"
RunBuild = Callable[..., dict[str, Any]]
ReadLog = Callable[[dict[str, Any]], str]
BASE = "public.ecr.aws/docker/library/python:3.11-slim-bookworm"
BUILDSPEC = f"""
version: 0.2
phases:
  pre_build:
    commands:
      - printf 'FROM {BASE}\\nRUN pip install --no-cache-dir six==1.17.0\\n' > Dockerfile
      - aws ecr get-login-password | docker login --username AWS --password-stdin ${{REPOSITORY%%/*}}
  build:
    commands:
      - docker build --tag $REPOSITORY:one .
      - docker push $REPOSITORY:one
      - if docker push $REPOSITORY:one 2>refusal; then exit 1; fi
      - grep immutable refusal
      - IMAGE=$(docker inspect --format '{{{{index .RepoDigests 0}}}}' $REPOSITORY:one)
      - docker run --rm --volume $PWD:/source $IMAGE ls /source/Dockerfile
      - docker run --detach --name left-behind $IMAGE sleep 600
      - aws ecr describe-images --repository-name theirs --query 'imageDetails[0].imageDigest' --output text > out.txt
      - test "${{IMAGE##*@}}" = "$(cat out.txt)"
artifacts:
  base-directory: $CODEBUILD_SRC_DIR
  files: [out.txt]
"""


@pytest.fixture
def localaws(tmp_path: Path) -> Iterator[LocalAws]:
    """Serve with the Docker engine of this machine."""
    server = LocalAws(tmp_path / "localaws", engine=choose(Wanted.DOCKER, [BASE]))
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()


def names_of_images() -> set[str]:
    return {name for image in docker.from_env().images.list() for name in image.tags}


def environment(privileged: bool, **variables: str) -> dict[str, Any]:
    return {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "privilegedMode": privileged,
        "environmentVariables": [{"name": name, "value": value} for name, value in variables.items()],
    }


def test_an_image_is_built_pushed_and_run(
    localaws: LocalAws, run_build: RunBuild, s3: Any, log_of: ReadLog
) -> None:
    before = names_of_images()
    ecr = localaws.client("ecr", REGION)
    made = ecr.create_repository(repositoryName="theirs", imageTagMutability="IMMUTABLE")["repository"]
    ended = run_build(
        BUILDSPEC,
        environment=environment(True, REPOSITORY=made["repositoryUri"]),
        artifacts={"type": "S3", "location": "artifacts", "name": "out", "packaging": "NONE"},
    )
    assert ended["buildStatus"] == "SUCCEEDED", log_of(ended)
    image = ecr.describe_images(repositoryName="theirs")["imageDetails"][0]
    told = s3.get_object(Bucket="artifacts", Key="out/out.txt")["Body"].read().decode().strip()
    assert (image["imageTags"], image["imageDigest"]) == (["one"], told)
    assert docker.from_env().containers.list(filters={"name": "left-behind"}) == []
    localaws.engine.close()
    assert {name for name in names_of_images() - before if REPOSITORY in name} == set()


def test_without_privileges_there_is_no_docker_engine(run_build: RunBuild, log_of: ReadLog) -> None:
    spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - docker version\n"
    ended = run_build(spec, environment=environment(False))
    assert ended["buildStatus"] == "FAILED"
    assert "Cannot connect to the Docker daemon" in log_of(ended)
