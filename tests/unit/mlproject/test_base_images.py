"""Images that others begin with are named by Dockerfiles, and copied into the account under tags of their names."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import docker
import pytest
from botocore.exceptions import ClientError
from docker.errors import DockerException, ImageNotFound

from mlproject import base_images
from mlproject.errors import PlatformError, UserError

ROOT = Path(__file__).resolve().parents[3]
PYTHON = "public.ecr.aws/docker/library/python:3.11-slim-bookworm"
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlproject-platform/base-images"


class FakeEcr:
    """Knows the tags that it was given."""

    def __init__(self, *tags: str) -> None:
        self.tags = set(tags)

    def client(self, _: str) -> FakeEcr:
        return self

    def describe_images(self, repositoryName: str, imageIds: list[dict[str, str]]) -> None:
        assert repositoryName == "mlproject-platform/base-images"
        if imageIds[0]["imageTag"] not in self.tags:
            raise ClientError({"Error": {"Code": "ImageNotFoundException", "Message": ""}}, "DescribeImages")

    def get_authorization_token(self) -> Any:
        return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:secret").decode()}]}


class FakeEngine:
    """Stands for the Docker engine and its images: pulls, tags and pushes are written down."""

    def __init__(self, *present: str, answer: dict[str, str] | None = None) -> None:
        self.present = set(present)
        self.done: list[tuple[str, ...]] = []
        self._answer = answer or {"status": "pushed"}

    @property
    def images(self) -> FakeEngine:
        return self

    def ping(self) -> None:
        self.done.append(("ping",))

    def get(self, image: str) -> FakeEngine:
        if image not in self.present:
            raise ImageNotFound(image)
        return self

    def pull(self, image: str, platform: str) -> FakeEngine:
        self.done.append(("pull", image, platform))
        return self

    def tag(self, repository: str, name: str) -> None:
        self.done.append(("tag", repository, name))

    def push(self, repository: str, name: str, auth_config: dict[str, str], **_: Any) -> list[dict[str, str]]:
        self.done.append(("push", repository, name, *auth_config.values()))
        return [self._answer]


def copy(monkeypatch: pytest.MonkeyPatch, ecr: FakeEcr, engine: Any, through: str = "") -> None:
    monkeypatch.setattr(docker, "from_env", lambda: engine)
    base_images.copy(ecr, REPOSITORY, [PYTHON], lambda _: None, through)  # type: ignore[arg-type]


def test_the_template_names_the_images_that_its_own_begin_with() -> None:
    assert PYTHON in base_images.of_template(ROOT)


def test_a_tag_is_made_of_the_name_and_is_one() -> None:
    assert base_images.tag(PYTHON) == "public.ecr.aws-docker-library-python-3.11-slim-bookworm"
    assert base_images.tag("a/" * 100 + "b@sha256:0") == ("a-" * 100 + "b-sha256-0")[-128:].lstrip("-")


def test_what_is_there_is_not_copied_again(monkeypatch: pytest.MonkeyPatch) -> None:
    copy(monkeypatch, FakeEcr(base_images.tag(PYTHON)), None)


def test_what_is_missing_is_pulled_if_need_be_and_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, name = FakeEngine(), base_images.tag(PYTHON)
    copy(monkeypatch, FakeEcr(), engine, "127.0.0.1:1/")
    place = f"127.0.0.1:1/{REPOSITORY}"
    assert engine.done == [
        ("ping",),
        ("pull", PYTHON, "linux/amd64"),
        ("tag", place, name),
        ("push", place, name, "AWS", "secret"),
    ]


def test_a_push_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlatformError, match=r"could not be pushed to .*: denied"):
        copy(monkeypatch, FakeEcr(), FakeEngine(PYTHON, answer={"error": "denied"}))


def test_without_an_engine_what_to_copy_by_other_means_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DockerException("no socket")

    monkeypatch.setattr(docker, "from_env", refuse)
    with pytest.raises(UserError, match=f"{PYTHON} as {REPOSITORY}:{base_images.tag(PYTHON)}"):
        base_images.copy(FakeEcr(), REPOSITORY, [PYTHON], lambda _: None)  # type: ignore[arg-type]
