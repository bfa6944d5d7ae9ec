"""A job in a process of its own leaves a reason however it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from xgboost_daal4py.job import run_job_apart


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            "the job was killed, most likely for more memory than",
        ),
        (lambda: os._exit(7), "the training process ended without a reason (code 7)"),
    ],
)
def test_a_process_that_ends_without_a_word_leaves_a_reason(
    tmp_path: Path, work: Callable[[], None], reason: str
) -> None:
    failure = tmp_path / "output" / "failure"
    assert run_job_apart(work, failure) == 1
    assert failure.read_text().startswith(reason)


def test_a_process_that_does_its_work_leaves_none(tmp_path: Path) -> None:
    assert run_job_apart((tmp_path / "done").touch, tmp_path / "output" / "failure") == 0
    assert (tmp_path / "done").exists()
    assert not (tmp_path / "output").exists()
