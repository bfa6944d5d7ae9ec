"""What runs a rehearsal's containers: the user's wish and the images' bases go to localaws, its choice comes back."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import requests

from mlproject import base_images
from mlproject.errors import PlatformError

TOOLS = "/usr/local/bin"
MIRROR = re.compile(r'^\s*path\s*=\s*"(?P<folder>/[^"]+)"', re.MULTILINE)


class Engine(StrEnum):
    """What the user may ask for; ``auto`` is Docker where it can be had."""

    AUTO = "auto"
    DOCKER = "docker"
    PROCESSES = "processes"


@dataclass(frozen=True)
class Chosen:
    """The engine that localaws runs, and why it is that one."""

    name: str
    reason: str

    @property
    def builds_images(self) -> bool:
        """Whether builds make container images, so that nobody else has to."""
        return self.name == Engine.DOCKER


PROCESSES = Chosen(Engine.PROCESSES, "nothing else was asked for")


def options(wanted: Engine, contexts: Iterable[Path], tools: bool = True) -> list[str]:
    """Return localaws's options for an engine that builds the images of these contexts.

    Without ``tools`` a build image in Docker is a bare one.
    """
    bases = sorted({base for context in contexts for base in base_images.named(context / "Dockerfile")})
    words = ["--engine", wanted, *(word for base in bases for word in ("--base-image", base))]
    return words if wanted == Engine.PROCESSES or not tools else words + build_mounts()


def build_mounts() -> list[str]:
    """Return localaws's options for the tools of this machine that a build image in Docker carries then.

    Builds fetch what is missing: Terraform and uv.
    """
    mounts = [f"{Path(sys.executable).with_name('uv').resolve()}:{TOOLS}/uv"]
    if terraform := shutil.which("terraform"):
        mounts.append(f"{Path(terraform).resolve()}:{TOOLS}/terraform")
    mounts += provider_mirrors(os.environ.get("TF_CLI_CONFIG_FILE", ""))
    return [word for mount in mounts for word in ("--build-mount", mount)]


def uv_cache(options: Sequence[str]) -> Path:
    """Return uv's cache, which builds share, as CodeBuild's cache lets them on AWS.

    Builds in Docker are root and leave root's files there: unless this user is root, they get a cache of their own.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    if Engine.PROCESSES in options or os.geteuid() == 0:
        return Path(os.environ.get("UV_CACHE_DIR", home / "uv"))
    return home / "localaws/uv"


def uv_links(options: Sequence[str]) -> dict[str, str]:
    """Return the setting by which builds link to uv's cache.

    Hard links, uv's own way, do not lead from a mount into a build in Docker. Any other link is a file to be made:
    that takes ten times as long.
    """
    return {} if Engine.PROCESSES in options else {"UV_LINK_MODE": "symlink"}


def provider_mirrors(config_file: str) -> list[str]:
    """Return the folders that Terraform's configuration takes providers from."""
    config = Path(config_file)
    if not config_file or not config.is_file():
        return []
    return [found for found in MIRROR.findall(config.read_text()) if Path(found).is_dir()]


def chosen(endpoint: str) -> Chosen:
    """Ask a running localaws which engine it took."""
    try:
        answer = requests.get(f"{endpoint}/_localaws/health", timeout=10)
        answer.raise_for_status()
        return Chosen(**answer.json()["engine"])
    except requests.RequestException as error:
        raise PlatformError(f"localaws does not answer at {endpoint}: {error}") from error
