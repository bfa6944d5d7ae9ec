"""Images that AWS curates, played by the host: CodeBuild's build images and Lambda's Python base images."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import threading
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localaws.bundled_wheels import bundled_wheels
from localaws.images import Image
from localaws.settings import HostSettings

BUILD_IMAGE = re.compile(r"(aws/codebuild/|public\.ecr\.aws/codebuild/).+")
LAMBDA_IMAGE = re.compile(r"public\.ecr\.aws/lambda/python:(?P<version>3\.\d+).*")
DOCKER_SHIM = """#!/bin/sh
echo "docker: this engine runs processes and cannot build or run container images; start localaws with the \
Docker engine for that" >&2
exit 1
"""
_PIP_LOCK = threading.Lock()


@dataclass(frozen=True)
class CuratedImages:
    """Makes the environment of a curated image for one container.

    Attributes
    ----------
    folder
        Where what all containers share is kept (the docker shim, the pip that virtual environments begin with).
    settings
        The host's PATH.
    build_environment
        Variables that belong to the build image itself, such as package index settings; its PATH names the tools
        in place of the host's.
    """

    folder: Path
    settings: HostSettings
    build_environment: Mapping[str, str] = field(default_factory=dict)

    def find(self, uri: str, sandbox: Path) -> Image | None:
        """Return the image with what it needs in ``sandbox``, or None when ``uri`` is not a curated image."""
        if BUILD_IMAGE.fullmatch(uri):
            return self._build_image(sandbox)
        if LAMBDA_IMAGE.fullmatch(uri):
            return self._lambda_image()
        return None

    def _build_image(self, sandbox: Path) -> Image:
        """The host's tools, a Python environment that the build may install into, and no Docker daemon."""
        python = sandbox / "python"
        venv.EnvBuilder(symlinks=True).create(python)
        self._install_pip(python)
        tools = self.build_environment.get("PATH", self.settings.path)
        environment = {
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **self.build_environment,
            "PATH": os.pathsep.join([str(python / "bin"), str(self._shims()), tools]),
            "DOCKER_HOST": f"unix://{sandbox}/docker.sock",
        }
        return Image(environment=environment)

    def _lambda_image(self) -> Image:
        """The Python that runs localaws, whatever version the function asks for: there is no other for certain."""
        if importlib.util.find_spec("awslambdaric") is None:
            raise ModuleNotFoundError("localaws needs awslambdaric in its own environment to run functions")
        path = os.pathsep.join([str(Path(sys.executable).parent), self.settings.path])
        return Image(
            environment={"PATH": path, "LAMBDA_TASK_ROOT": "/var/task"},
            entrypoint=(sys.executable, "-m", "awslambdaric"),
            workdir="/var/task",
        )

    def _shims(self) -> Path:
        folder = self.folder / "shims"
        shim = folder / "docker"
        if not shim.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shim.write_text(DOCKER_SHIM)
            shim.chmod(0o755)
        return folder

    def _install_pip(self, python: Path) -> None:
        """Let a new environment see a shared pip: making it with pip of its own takes seconds."""
        packages = next((python / "lib").glob("python3*")) / "site-packages"
        (packages / "pip.pth").write_text(f"{_unpacked_pip(self.folder / 'pip')}\n")
        for name in ("pip", "pip3"):
            script = python / "bin" / name
            script.write_text(f'#!/bin/sh\nexec "{python}/bin/python" -m pip "$@"\n')
            script.chmod(0o755)


def _unpacked_pip(folder: Path) -> Path:
    """Return a folder with the pip that Python itself brings, unpacked once."""
    with _PIP_LOCK:
        if not folder.exists():
            with zipfile.ZipFile(bundled_wheels()["pip"]) as wheel:
                wheel.extractall(folder)
        return folder
