"""A job in a process of its own leaves a reason however it ends."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from xgboost_daal4py.disk import writing
from xgboost_daal4py.job import run_job, run_job_apart


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


def fill_up(path: Path) -> None:
    with writing(path), path.open("wb") as file:
        file.write(b"x")


def no_room() -> None:
    raise OSError(errno.ENOSPC, "Error writing bytes to file")


def test_a_full_disk_is_named_with_the_file_and_the_way_out(tmp_path: Path) -> None:
    full, reason = tmp_path / "train.csv", tmp_path / "output" / "message"
    full.symlink_to("/dev/full")
    assert run_job(lambda: fill_up(full), reason) == 1
    told = reason.read_text()
    assert told.startswith(f"the disk is full: {full} cannot be written (")
    assert "give the job a larger volume (VolumeSizeInGB)" in told


def test_a_full_disk_is_told_of_even_where_no_file_is_named(tmp_path: Path) -> None:
    reason = tmp_path / "output" / "message"
    assert run_job(no_room, reason) == 1
    assert reason.read_text().startswith(f"the disk is full: a file below {tmp_path} cannot be written")


def test_a_reason_that_finds_no_room_goes_to_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "message").symlink_to("/dev/full")
    assert run_job(no_room, tmp_path / "output" / "message") == 1
    assert "the disk is full" in capsys.readouterr().err
