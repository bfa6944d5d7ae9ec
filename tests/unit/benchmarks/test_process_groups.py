from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from process_groups import Usage, Watch, usage_of, watching

WAIT = "import sys; sys.stdin.read()"


def test_processes_are_counted_by_what_they_are() -> None:
    with subprocess.Popen([sys.executable, "-c", WAIT, "awslambdaric"], stdin=subprocess.PIPE) as child:
        deadline = time.monotonic() + 20.0
        while child.pid not in usage_of([os.getpid()]) and time.monotonic() < deadline:
            time.sleep(0.05)
        with watching([os.getpid()], 0.05) as watch:
            time.sleep(0.2)
        child.communicate()
    assert watch.processes()["functions"] == 1
    assert watch.samples[-1][1][child.pid].memory_mb > 1
    assert len(watch.samples) >= 2


def test_processes_of_others_are_not_counted() -> None:
    assert usage_of([-1]) == {}


def test_memory_is_told_by_second_and_processor_time_from_first_to_last() -> None:
    first = {7: Usage("localaws", 100.0, 7.0)}
    last = {
        7: Usage("localaws", 110.0, 9.5),
        8: Usage("functions", 30.0, 1.0),
        9: Usage("functions", 20.0, 0.5),
    }
    watch = Watch([(0.0, first), (60.0, last)])
    assert (watch.memory("localaws", 20.0), watch.memory("localaws", 50.0)) == (100.0, 110.0)
    assert (watch.memory("functions", 0.0), watch.memory("functions", 60.0)) == (0.0, 50.0)
    assert (watch.cpu_seconds("localaws"), watch.cpu_seconds("functions")) == (2.5, 1.5)
    assert watch.processes() == {"localaws": 1, "functions": 2}


def test_growth_is_that_of_processes_that_were_there_all_the_time() -> None:
    sizes = [50.0, 100.0, 100.0, 105.0, 110.0]
    samples = [(float(second), {7: Usage("localaws", size, 0.0)}) for second, size in enumerate(sizes)]
    samples[-1][1][8] = Usage("functions", 500.0, 0.0)
    assert Watch(list(samples)).growth() == pytest.approx(1.1)
