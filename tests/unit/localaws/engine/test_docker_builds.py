"""A build's container in Docker has the build image, what was named for it, and, when privileged, a Docker engine."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from localaws import build_image
from localaws.engine import ContainerSpec
from localaws.engine.docker_builds import SOCKET, for_build
from localaws.images import ImageNotFound
from localaws.server import LocalAws

NETWORK: Any = SimpleNamespace(endpoint="http://172.18.0.1:4566")
CURATED = "aws/codebuild/standard:7.0"


class FakeImages:
    """An engine's images: what was built is there from then on."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.built: list[dict[str, Any]] = []

    def get(self, name: str) -> None:
        if name not in [one["tag"] for one in self.built]:
            raise docker.errors.ImageNotFound(name)

    def build(self, **options: Any) -> None:
        if self.error:
            raise self.error
        self.built.append(options)

    def list(self, name: str = "") -> list[Any]:
        return []


def client(images: FakeImages) -> Any:
    adapter = SimpleNamespace(socket_path="/var/run/docker.sock")
    api = SimpleNamespace(base_url="http+docker://localhost", get_adapter=lambda _: adapter)
    none = SimpleNamespace(list=lambda **_: [])
    return SimpleNamespace(
        images=images,
        api=api,
        version=lambda: {"ApiVersion": "1.47", "MinAPIVersion": "1.24"},
        containers=none,
        networks=none,
        volumes=none,
    )


def complete(
    spec: ContainerSpec, images: FakeImages | None = None, privileged: bool = False, **carried: Any
) -> Any:
    return for_build(
        client(images or FakeImages()),
        NETWORK,
        {"owner": "me"},
        carried.get("environment", {}),
        carried.get("mounts", {}),
        spec,
        privileged,
    )


def test_codebuilds_own_images_are_played_by_one_that_is_made_once() -> None:
    images = FakeImages()
    for image in (CURATED, "public.ecr.aws/codebuild/amazonlinux2-x86_64-standard:5.0"):
        with complete(ContainerSpec(name="b", image=image), images) as spec:
            assert spec.image.startswith(f"{build_image.NAME}:")
    assert len(images.built) == 1
    with complete(ContainerSpec(name="b", image="python:3.11")) as spec:
        assert spec.image == "python:3.11"


def test_a_build_image_of_ones_own_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAWS_BUILD_IMAGE", "mine:1")
    with complete(ContainerSpec(name="b", image=CURATED)) as spec:
        assert spec.image == "mine:1"


def test_a_build_image_that_cannot_be_made_says_why() -> None:
    images = FakeImages(docker.errors.APIError("no network"))
    with pytest.raises(ImageNotFound, match=r"aws/codebuild/standard:7\.0 has no stand-in.*no network"):
        complete(ContainerSpec(name="b", image=CURATED), images).__enter__()


def test_variables_bring_the_paths_that_they_name(tmp_path: Path) -> None:
    given = {
        "UV_CACHE_DIR": str(tmp_path),
        "PATH": "/host/bin",
        "UV_LINK_MODE": "symlink",
        "GONE": "/not/there",
    }
    spec = ContainerSpec(name="b", image="i", environment={"A": "1"}, mounts={"/codebuild": tmp_path / "b"})
    with complete(spec, environment=given, mounts={"/usr/local/bin/tool": tmp_path}) as made:
        assert made.environment == {
            "UV_CACHE_DIR": str(tmp_path),
            "UV_LINK_MODE": "symlink",
            "GONE": "/not/there",
            "A": "1",
        }
        assert made.mounts == {
            str(tmp_path): tmp_path,
            "/usr/local/bin/tool": tmp_path,
            "/codebuild": tmp_path / "b",
        }
        assert set(made.read_only_mounts) == {"/usr/local/bin/tool"}


def test_a_privileged_build_has_an_engine_while_it_lasts(localaws: LocalAws) -> None:
    with complete(ContainerSpec(name="b", image="i"), privileged=True) as spec:
        socket = spec.mounts[SOCKET]
        assert stat.S_ISSOCK(socket.stat().st_mode)
    assert not socket.exists()
    with complete(ContainerSpec(name="b", image="i")) as spec:
        assert SOCKET not in spec.mounts
