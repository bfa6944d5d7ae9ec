"""The Docker engine, driven by its command line without a shell; `build` asks it for an image that ECR lacks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from failures import PlatformError


class Engine(Protocol):
    """What building an image takes."""

    def check(self) -> None:
        """Raise `PlatformError` when no image can be built here."""

    def build(self, context: Path, reference: str, arguments: Mapping[str, str]) -> None:
        """Build the context's Dockerfile under ``reference``, with values for its arguments."""

    def login(self, host: str, password: str) -> None:
        """Let pushes to, and pulls from, ``host`` through."""

    def push(self, reference: str) -> None:
        """Push the image."""


class DockerEngine:
    """The ``docker`` on PATH."""

    def check(self) -> None:
        try:
            _run(["docker", "version", "--format", "{{.Server.Version}}"])
        except PlatformError as error:
            raise PlatformError(
                f"images are built by the Docker engine, and there is none here: {error}"
            ) from error

    def build(self, context: Path, reference: str, arguments: Mapping[str, str]) -> None:
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        # Lambda and SageMaker take plain images, not an index with attestations, which buildx makes unless told so.
        # A failed step's container would stay on a laptop; one that buildx lacks, buildx does not mind.
        plain = ["env", "BUILDX_NO_DEFAULT_ATTESTATIONS=1"]
        _run([*plain, "docker", "build", "--force-rm", *given, "--tag", reference, str(context)])

    def login(self, host: str, password: str) -> None:
        _run(["docker", "login", "--username", "AWS", "--password-stdin", host], text_input=password)

    def push(self, reference: str) -> None:
        _run(["docker", "push", reference])


def _run(command: list[str], text_input: str = "") -> None:
    """Run ``command``, its output going to stderr so that stdout holds the answer alone."""
    try:
        result = subprocess.run(  # noqa: S603 - a list, no shell, nothing of it from outside
            command,
            input=text_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise PlatformError(f"the program {error.filename!r} is not installed") from error
    print(result.stdout, end="", file=sys.stderr, flush=True)
    if result.returncode != 0:
        last_line = (result.stdout.strip().splitlines() or ["no output"])[-1]
        shown = " ".join(word for word in command if "=" not in word and word != "env")
        raise PlatformError(f"{shown!r} failed: {last_line}")
