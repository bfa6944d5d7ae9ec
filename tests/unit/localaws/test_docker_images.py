"""Images of ECR are had from this server's registry, and names that it gave go when their server does."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from typing import Any

import docker.errors
import pytest

from localaws import docker_images
from localaws.images import ImageNotFound
from localaws.server import LocalAws

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"
DIGEST = f"sha256:{'a' * 64}"


@dataclass
class FakeImage:
    """An image of the fake engine."""

    short_id: str
    tags: list[str]
    created: int = 0
    digests: list[str] = field(default_factory=list)

    @property
    def attrs(self) -> dict[str, Any]:
        return {"Created": self.created, "RepoDigests": self.digests}

    def tag(self, repository: str, tag: str) -> None:
        self.tags.append(f"{repository}:{tag}")


@dataclass
class FakeImages:
    """The images of an engine by their names; what is not there can be pulled when it is in ``remote``."""

    local: list[FakeImage] = field(default_factory=list)
    remote: tuple[str, ...] = ()
    pulled: list[tuple[str, Any]] = field(default_factory=list)

    def get(self, name: str) -> FakeImage:
        for image in self.local:
            if name in (*image.tags, *image.digests):
                return image
        raise docker.errors.ImageNotFound(name)

    def pull(self, name: str, auth_config: Any) -> None:
        self.pulled.append((name, auth_config))
        if name not in self.remote:
            raise docker.errors.APIError("refused", explanation="nobody has it")

    def list(self, name: str = "") -> list[FakeImage]:
        return [image for image in self.local if not name or any(tag.startswith(name) for tag in image.tags)]

    def remove(self, name: str) -> None:
        image = self.get(name)
        for names in (image.tags, image.digests):
            if name in names:
                names.remove(name)


@dataclass
class FakeDocker:
    """As much of a client of Docker as images take."""

    images: FakeImages


@pytest.fixture
def pinned(localaws: LocalAws) -> str:
    """The URI by digest of an image in ECR."""
    ecr = localaws.client("ecr", "us-east-1")
    ecr.create_repository(repositoryName="team/app")
    manifest = json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    image = ecr.put_image(repositoryName="team/app", imageManifest=manifest, imageTag="one")["image"]
    return f"{REPOSITORY}@{image['imageId']['imageDigest']}"


def test_an_image_of_ecr_is_pulled_by_digest_from_this_server(localaws: LocalAws, pinned: str) -> None:
    name = f"{localaws.endpoint.removeprefix('http://')}/{pinned}"
    for uri in (pinned, f"{REPOSITORY}:one"):
        images = FakeImages(remote=(name,))
        assert docker_images.find(FakeDocker(images), uri, "us-east-1") == name
        (pulled, login), *_ = images.pulled
        assert (pulled, login["username"]) == (name, "AWS")


def test_an_image_that_the_engine_has_is_not_pulled(localaws: LocalAws, pinned: str) -> None:
    name = f"{localaws.endpoint.removeprefix('http://')}/{pinned}"
    images = FakeImages([FakeImage("sha256:1", ["python:3.11"], digests=[name])])
    for uri in (pinned, "python:3.11"):
        docker_images.find(FakeDocker(images), uri, "us-east-1")
    assert images.pulled == []


def test_an_image_that_cannot_be_had_is_named(localaws: LocalAws) -> None:
    with pytest.raises(ImageNotFound, match="team/app:gone does not exist"):
        docker_images.find(FakeDocker(FakeImages()), f"{REPOSITORY}:gone", "us-east-1")
    with pytest.raises(ImageNotFound, match="nobody/has:1 cannot be pulled: nobody has it"):
        docker_images.find(FakeDocker(FakeImages()), "nobody/has:1", "us-east-1")


def test_what_a_build_named_stays_as_cache_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_images, "MOST_CACHED", 2)
    old = [FakeImage(f"sha256:{n}", [f"{docker_images.CACHE}:{n}"], created=n) for n in range(2)]
    built = FakeImage("sha256:9", [f"{REPOSITORY}:one", "app:latest"], created=9)
    docker_images.retire(FakeDocker(FakeImages([*old, built])), [f"{REPOSITORY}:one", f"{REPOSITORY}:gone"])
    assert built.tags == ["app:latest", f"{docker_images.CACHE}:9"]
    assert [image.tags for image in old] == [[], [f"{docker_images.CACHE}:1"]]


def test_names_of_a_server_go_with_it_and_others_stay() -> None:
    with socket.create_server(("127.0.0.1", 0)) as living:
        alive, gone = living.getsockname()[1], 1
        names = [f"127.0.0.1:{port}/{REPOSITORY}:one" for port in (alive, gone)]
        image = FakeImage(
            "sha256:1", [*names, "127.0.0.1:1/mine:one"], digests=[f"127.0.0.1:1/{REPOSITORY}@{DIGEST}"]
        )
        client = FakeDocker(FakeImages([image]))
        docker_images.remove_registry_names(client)
        assert image.tags == [names[0], "127.0.0.1:1/mine:one"]
        assert image.digests == []
        docker_images.remove_registry_names(client, alive)
        assert image.tags == ["127.0.0.1:1/mine:one"]
