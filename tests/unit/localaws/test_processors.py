from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from localaws import processors
from localaws.processors import Times, were_to_be_had

ALL = os.sched_getaffinity(0)
OF_A_CHILD = [sys.executable, "-c", "import os; print(*sorted(os.sched_getaffinity(0)))"]


def in_a_thread(work: list[set[int]], share: bool) -> None:
    if share:
        processors.share_one()
    child = threading.Thread(target=lambda: work.append(os.sched_getaffinity(0)))
    child.start()
    child.join()


def processors_of_threads_started_in_one(*, share: bool) -> set[int]:
    found: list[set[int]] = []
    thread = threading.Thread(target=in_a_thread, args=(found, share))
    thread.start()
    thread.join()
    return found[0]


def test_threads_that_share_a_processor_and_those_they_start_have_the_same_one() -> None:
    first = processors_of_threads_started_in_one(share=True)
    assert len(first) == 1
    assert processors_of_threads_started_in_one(share=True) == first <= ALL
    assert processors_of_threads_started_in_one(share=False) == ALL == os.sched_getaffinity(0)


def test_what_such_a_thread_starts_outside_has_all_of_them() -> None:
    seen: list[str] = []

    def start() -> None:
        processors.share_one()
        with processors.starting_on_all():
            seen.append(subprocess.run(OF_A_CHILD, capture_output=True, text=True, check=True).stdout)
        seen.append(str(len(os.sched_getaffinity(0))))
        processors.use_all()
        seen.append(str(len(os.sched_getaffinity(0))))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert seen == [" ".join(str(each) for each in sorted(ALL)) + "\n", "1", str(len(ALL))]


@pytest.mark.parametrize(
    ("idle", "own", "expected"),
    [(2.0, 0.1, True), (0.51, 0.79, True), (0.49, 0.1, False), (2.0, 0.81, False), (0.0, 1.0, False)],
)
def test_processors_are_of_use_where_neither_they_nor_this_process_were_busy(
    idle: float, own: float, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds in each second, over ten of them."""
    monkeypatch.setattr(processors, "times", lambda: Times(1010.0, 500.0 + 10 * idle, 70.0 + 10 * own))
    assert were_to_be_had(Times(1000.0, 500.0, 70.0)) is expected


def test_times_are_of_this_machine_and_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = processors.times()
    while time.process_time() < before.own + 0.05:
        pass
    after = processors.times()
    assert after.own >= before.own + 0.05
    assert before.clock + 0.04 < after.clock
    assert (
        before.idle <= after.idle <= before.idle + (after.clock - before.clock + 0.1) * (os.cpu_count() or 1)
    )
    (tmp_path / "uptime").write_text("350735.47 234388.90\n")
    monkeypatch.setattr(processors, "UPTIME", tmp_path / "uptime")
    assert processors.times().idle == 234388.90


def test_processors_of_a_machine_that_does_not_tell_count_as_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors, "UPTIME", tmp_path / "missing")
    before = processors.times()
    time.sleep(0.02)
    assert were_to_be_had(before)
