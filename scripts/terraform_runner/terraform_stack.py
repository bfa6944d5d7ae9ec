"""An unpacked root module comes in; python-terraform runs it, and outputs or the first error go out."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from python_terraform import IsFlagged, Terraform

from terraform_runner.runner_errors import PlatformError, UserError
from terraform_runner.terraform_diagnostics import Diagnostics
from terraform_runner.way_back import Moves

_PLAN_FILE = "project.tfplan"
_VARIABLES_FILE = "project.auto.tfvars.json"


class TerraformStack:
    """One project's stack; every change is planned to a file, and that file is applied.

    Parameters
    ----------
    program
        Path of Terraform.
    directory
        The root module.
    backend
        The S3 backend's settings that the module leaves open.
    say
        Takes each line for the log.
    """

    def __init__(
        self, program: str, directory: Path, backend: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._terraform = Terraform(working_dir=str(directory), terraform_bin_path=program)
        self._directory = directory
        self._backend = dict(backend)
        self._say = say

    def init(self, variables: Mapping[str, Any]) -> None:
        """Prepare the module for one project; the variables are written to a file and never printed."""
        (self._directory / _VARIABLES_FILE).write_text(json.dumps(variables), encoding="utf-8")
        self._run(
            "init", backend_config=self._backend, input=False, reconfigure=IsFlagged, lockfile="readonly"
        )

    def apply(self, target: str = "", planned: Callable[[Moves], None] = lambda _: None) -> None:
        """Plan to a file and apply that file, all of the stack or ``target`` only.

        ``planned`` is told what moves in the state before it does.
        """
        planned(self._plan(target=[target] if target else None))
        self._apply_plan()

    def destroy(self) -> None:
        """Plan the destruction of everything in the state to a file and apply that file."""
        self._plan(destroy=IsFlagged)
        self._apply_plan()

    def outputs(self) -> dict[str, str]:
        """Return the outputs as strings."""
        found = self._terraform.output() or {}
        return {name: _text(output["value"]) for name, output in found.items()}

    def addresses(self) -> list[str]:
        """Return the addresses of everything in the state (none if there is no state yet)."""
        code, listed, error = self._terraform.cmd("state list")
        if code and "No state file was found" not in error:
            raise PlatformError(f"The project's state cannot be read: {error.strip()}")
        return listed.split() if not code else []

    def forget(self, addresses: list[str]) -> None:
        """Take ``addresses`` out of the state, so that destroying leaves them be."""
        if addresses:
            code, _, error = self._terraform.cmd("state rm", *addresses)
            if code:
                raise PlatformError(f"Terraform could not let go of the project's data: {error.strip()}")

    def move(self, source: str, destination: str) -> None:
        """Give what is at ``source`` in the state the address ``destination``; nothing else changes."""
        code, _, error = self._terraform.cmd("state mv", source, destination, lock_timeout="60s")
        if code:
            raise PlatformError(f"Terraform could not call {source} {destination} again: {error.strip()}")

    def unlock(self, lock_id: str) -> None:
        """Take away a lock whose holder is gone."""
        code, _, error = self._terraform.cmd("force-unlock", lock_id, force=IsFlagged)
        if code:
            raise PlatformError(
                f"The lock {lock_id} of a dead build could not be taken away: {error.strip()}"
            )

    def _plan(self, **options: object) -> Moves:
        return self._run("plan", out=_PLAN_FILE, input=False, lock_timeout="60s", **options).moves

    def _apply_plan(self) -> None:
        self._run("apply", _PLAN_FILE, input=False, lock_timeout="60s")

    def _run(self, command: str, *arguments: str, **options: object) -> Diagnostics:
        diagnostics = Diagnostics()
        # python-terraform either keeps the output until the end or lets it go to the standard streams; a
        # build's log should show it as it comes, and the error must be known too, so the streams are a pipe.
        with _each_line(lambda line: self._tell(diagnostics.read(line))) as pipe, _streams(pipe):
            code, _, _ = self._terraform.cmd(
                command, *arguments, json=IsFlagged, no_color=IsFlagged, capture_output=False, **options
            )
        if code:
            raise UserError(f"terraform {command} failed: {diagnostics.first_error}")
        return diagnostics

    def _tell(self, line: str) -> None:
        if line:
            self._say(line)


@contextmanager
def _each_line(take: Callable[[str], None]) -> Iterator[TextIO]:
    """Give a file to write to whose lines are taken by ``take`` as they come."""
    reading, writing = os.pipe()

    def drain() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                take(line)

    thread = threading.Thread(target=drain, name="terraform-output")
    thread.start()
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            yield pipe
    finally:
        thread.join()


@contextmanager
def _streams(pipe: TextIO) -> Iterator[None]:
    sys.stdout.flush()
    with redirect_stdout(pipe), redirect_stderr(pipe):
        yield


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
