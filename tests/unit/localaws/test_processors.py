from __future__ import annotations

from pathlib import Path

import pytest

from localaws import processors


@pytest.mark.parametrize(
    ("percent", "idle"), [("12.50", True), ("59.99", True), ("60.00", False), ("93.01", False)]
)
def test_processors_that_threads_waited_for_in_the_last_seconds_are_busy(
    percent: str, idle: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressure = tmp_path / "cpu"
    pressure.write_text(f"some avg10={percent} avg60=50.00 avg300=50.00 total=1\nfull avg10=0.00 total=0\n")
    monkeypatch.setattr(processors, "PRESSURE", pressure)
    assert processors.is_one_idle() is idle


@pytest.mark.parametrize(("running", "idle"), [(1, True), (3, True), (4, False), (9, False)])
def test_without_a_record_of_the_kernel_this_moment_decides(
    running: int, idle: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = tmp_path / "loadavg"
    load.write_text(f"0.10 0.20 0.30 {running}/80 11206\n")
    monkeypatch.setattr(processors, "PRESSURE", tmp_path / "missing")
    monkeypatch.setattr(processors, "LOAD", load)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert processors.is_one_idle() is idle


def test_this_machine_tells() -> None:
    assert processors.is_one_idle() in (True, False)
