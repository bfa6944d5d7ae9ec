"""Processes are found by what their environment and command hold, and killed; what never comes is told."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from mlproject.errors import PlatformError
from mlproject.faults.injection import kill, processes, until


def test_a_process_is_killed_by_what_its_environment_says() -> None:
    mark = f"FAULTS_TEST={uuid.uuid4()}"
    name, _, value = mark.partition("=")
    command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
    with subprocess.Popen(command, env=os.environ | {name: value}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert processes(mark, "time.sleep") == [process.pid]
        assert not processes(mark, "another command")
        assert kill(mark) == 1
        assert process.wait(10) == -9


def test_nothing_to_kill_is_an_error() -> None:
    with pytest.raises(PlatformError, match="no process"):
        kill(f"FAULTS_TEST={uuid.uuid4()}")


def test_what_never_comes_is_told() -> None:
    with pytest.raises(PlatformError, match="the moon"):
        until(lambda: False, "the moon", patience=0.0)
