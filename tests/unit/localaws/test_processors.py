from __future__ import annotations

import os
from pathlib import Path

import pytest

from localaws import processors


@pytest.mark.parametrize(("running", "idle"), [(1, True), (3, True), (4, False), (9, False)])
def test_a_processor_is_idle_while_fewer_threads_want_to_run_than_there_are(
    running: int, idle: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loadavg").write_text(f"0.20 0.18 0.12 {running}/80 11206\n")
    monkeypatch.setattr(processors, "_LOAD", tmp_path / "loadavg")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert processors.is_one_idle() is idle


def test_this_machine_tells() -> None:
    assert processors.is_one_idle() in (True, False)
