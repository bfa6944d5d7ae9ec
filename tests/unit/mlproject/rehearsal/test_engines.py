"""What the user wants to run containers, and what the images begin from, becomes options of localaws."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlproject import base_images
from mlproject.errors import PlatformError
from mlproject.rehearsal.engines import (
    Chosen,
    Engine,
    chosen,
    options,
    provider_mirrors,
    uv_cache,
    uv_links,
)
from mlproject.rehearsal.life import IMAGES


def context(folder: Path, dockerfile: str) -> Path:
    """Make a build context."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile)
    return folder


def test_every_base_is_named_once(tmp_path: Path) -> None:
    contexts = [
        context(tmp_path / "one", "# words\nARG BASE=python:3.11\nFROM ${BASE} AS build\nFROM ${BASE}\n"),
        context(tmp_path / "two", "ARG BASE=python:3.11\nARG OTHER=x\nFROM ${BASE}\n"),
        context(tmp_path / "three", "ARG  BASE=debian@sha256:00\nFROM ${BASE}\n"),
    ]
    assert options(Engine.PROCESSES, contexts) == [
        "--engine", "processes", "--base-image", "debian@sha256:00", "--base-image", "python:3.11",
    ]  # fmt: skip


def test_the_projects_own_images_name_their_base() -> None:
    assert all(base_images.named(context / "Dockerfile") for context in IMAGES.values())


def test_only_docker_builds_images() -> None:
    assert Chosen("docker", "it answers").builds_images
    assert not Chosen("processes", "no Docker engine answers").builds_images


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(PlatformError, match=r"127\.0\.0\.1:9"):
        chosen("http://127.0.0.1:9")


def test_builds_in_docker_get_the_tools_and_the_provider_mirror_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    config = tmp_path / "terraform.rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    terraform = tmp_path / "terraform"
    terraform.touch(mode=0o755)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(config))
    monkeypatch.setenv("PATH", str(tmp_path))
    mounts = options(Engine.DOCKER, [])
    assert f"{terraform}:/usr/local/bin/terraform" in mounts
    assert str(mirror) in mounts
    assert any(mount.endswith("/uv:/usr/local/bin/uv") for mount in mounts)


def test_without_a_mirror_providers_come_from_their_registry(tmp_path: Path) -> None:
    assert provider_mirrors("") == provider_mirrors(str(tmp_path / "missing.rc")) == []


def test_builds_share_the_cache_of_uv_unless_they_would_leave_roots_files_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    docker, processes = options(Engine.DOCKER, []), options(Engine.PROCESSES, [])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert uv_cache(processes) == tmp_path / "uv"
    assert uv_cache(docker) == tmp_path / "localaws/uv"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert uv_cache(docker) == tmp_path / "uv"
    monkeypatch.setenv("UV_CACHE_DIR", "/elsewhere")
    assert uv_cache(docker) == Path("/elsewhere")


@pytest.mark.parametrize(
    ("wanted", "mode"), [("processes", None), ("docker", "symlink"), ("auto", "symlink")]
)
def test_only_processes_have_hard_links_to_uv_s_cache(wanted: str, mode: str | None) -> None:
    assert uv_links(options(Engine(wanted), [], tools=False)).get("UV_LINK_MODE") == mode
