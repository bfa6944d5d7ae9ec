"""Docker is taken where it can be had, and the user is told why it is or is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import docker
import docker.errors
import pytest

from localaws.engine.choice import Wanted, choose
from localaws.errors import PlatformError


@dataclass
class FakeImages:
    """The images that are there, and those that can be pulled."""

    local: set[str]
    remote: set[str]

    def get(self, name: str) -> None:
        if name not in self.local:
            raise docker.errors.ImageNotFound(name)

    def pull(self, name: str) -> None:
        if name not in self.remote:
            raise docker.errors.APIError("no such host")
        self.local.add(name)


@dataclass
class FakeDocker:
    """An engine that answers."""

    url: str = "http+docker://localhost"
    system: dict[str, Any] = field(default_factory=lambda: {"OSType": "linux", "SecurityOptions": []})
    images: FakeImages = field(default_factory=lambda: FakeImages({"here"}, {"there"}))

    @property
    def api(self) -> FakeDocker:
        return self

    @property
    def base_url(self) -> str:
        return self.url

    def info(self) -> dict[str, Any]:
        return self.system

    def version(self) -> dict[str, str]:
        return {"Version": "27.0"}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """Let this machine have a Docker engine."""
    fake = FakeDocker()
    monkeypatch.setattr(docker, "from_env", lambda **_: fake)
    return fake


@pytest.mark.parametrize("images", [[], ["here"], ["here", "there"]])
def test_docker_is_taken_when_it_answers_and_has_or_gets_the_base_images(
    engine: FakeDocker, images: list[str]
) -> None:
    choice = choose(Wanted.AUTO, images)
    assert choice.client is engine
    assert choice.reason == "Docker 27.0 answers"


def test_processes_are_taken_when_a_base_image_cannot_be_had(engine: FakeDocker) -> None:
    choice = choose(Wanted.AUTO, ["nowhere"])
    assert choice.client is None
    assert choice.reason == "the base image nowhere is not here and cannot be pulled"


@pytest.mark.parametrize(
    ("url", "system", "reason"),
    [
        ("http://10.0.0.1:2375", {"OSType": "linux"}, "not one of this machine"),
        ("http+docker://localhost", {"OSType": "windows"}, "windows containers"),
        ("http+docker://localhost", {"OSType": "linux", "SecurityOptions": ["name=rootless"]}, "rootless"),
    ],
)
def test_an_engine_that_cannot_share_files_and_network_with_this_machine_is_left_alone(
    engine: FakeDocker, url: str, system: dict[str, Any], reason: str
) -> None:
    engine.url, engine.system = url, system
    assert reason in choose(Wanted.AUTO).reason
    with pytest.raises(PlatformError, match=f"{reason}.*--engine processes needs no Docker"):
        choose(Wanted.DOCKER)


def test_processes_are_taken_when_no_engine_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise docker.errors.DockerException("no such file")

    monkeypatch.setattr(docker, "from_env", fail)
    assert choose(Wanted.AUTO).reason == "no Docker engine answers"


def test_docker_is_not_asked_when_processes_are_wanted(engine: FakeDocker) -> None:
    choice = choose(Wanted.PROCESSES, ["nowhere"])
    assert (choice.client, choice.reason) == (None, "processes were asked for")
