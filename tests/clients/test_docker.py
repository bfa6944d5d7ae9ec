"""docker pushes to ECR's registry and pulls from it, as its users do: log in, push, pull by digest."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localaws.server import LocalAws

REGION = "eu-west-1"
pytestmark = pytest.mark.docker


@pytest.fixture
def registry(programs: Any, localaws: LocalAws) -> Iterator[str]:
    """Log in; return what ECR's images are called on this machine. The engine keeps none of them."""
    token = localaws.client("ecr", REGION).get_authorization_token()["authorizationData"][0][
        "authorizationToken"
    ]
    user, _, password = base64.b64decode(token).decode().partition(":")
    address = localaws.endpoint.removeprefix("http://")
    programs.run("docker", "login", "--username", user, "--password-stdin", address, stdin=password)
    name = f"{address}/{localaws.account_id}.dkr.ecr.{REGION}.amazonaws.com"
    yield name
    for image in set(programs.run("docker", "images", "--quiet", "--no-trunc", f"{name}/*").split()):
        programs.run("docker", "rmi", "--force", image)


def test_an_image_is_pushed_pulled_by_digest_and_its_tag_kept(
    programs: Any, localaws: LocalAws, registry: str, tmp_path: Path
) -> None:
    ecr = localaws.client("ecr", REGION)
    ecr.create_repository(repositoryName="demo/app", imageTagMutability="IMMUTABLE")
    image = f"{registry}/demo/app"

    def built(content: str) -> None:
        (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY content /content\n")
        (tmp_path / "content").write_text(content)
        programs.run("docker", "build", "--quiet", "--tag", f"{image}:one", tmp_path)

    built(str(uuid.uuid4()))
    programs.run("docker", "push", f"{image}:one")
    (found,) = ecr.describe_images(repositoryName="demo/app")["imageDetails"]
    assert found["imageTags"] == ["one"]
    programs.run("docker", "rmi", f"{image}:one")
    programs.run("docker", "pull", f"{image}@{found['imageDigest']}")
    built(str(uuid.uuid4()))
    with pytest.raises(AssertionError, match="immutable"):
        programs.run("docker", "push", f"{image}:one")
    with pytest.raises(AssertionError, match="does not exist"):
        programs.run("docker", "pull", f"{registry}/demo/gone:one")
