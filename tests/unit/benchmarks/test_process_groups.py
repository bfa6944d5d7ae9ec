from __future__ import annotations

import os
import subprocess
import sys
import time

from process_groups import Usage, Watch, usage_of, watching

WAIT = "import sys; sys.stdin.read()"


def test_processes_are_counted_by_what_they_are() -> None:
    with subprocess.Popen([sys.executable, "-c", WAIT, "awslambdaric"], stdin=subprocess.PIPE) as child:
        deadline = time.monotonic() + 20.0
        while "functions" not in usage_of([os.getpid()]) and time.monotonic() < deadline:
            time.sleep(0.05)
        with watching([os.getpid()], 0.05) as watch:
            time.sleep(0.2)
        child.communicate()
    usage = watch.samples[-1][1]["functions"]
    assert (usage.processes, "functions" in watch.kinds) == (1, True)
    assert usage.memory_mb > 1
    assert len(watch.samples) >= 2


def test_processes_of_others_are_not_counted() -> None:
    assert usage_of([-1]) == {}


def test_memory_is_told_by_second_and_processor_time_from_first_to_last() -> None:
    first = {"localaws": Usage(1, 100.0, 7.0)}
    last = {"localaws": Usage(1, 110.0, 9.5), "functions": Usage(2, 50.0, 1.5)}
    watch = Watch([(0.0, first), (60.0, last)])
    assert (watch.memory("localaws", 20.0), watch.memory("localaws", 50.0)) == (100.0, 110.0)
    assert watch.memory("functions", 0.0) == 0.0
    assert (watch.cpu_seconds("localaws"), watch.cpu_seconds("functions")) == (2.5, 1.5)
    assert watch.totals() == [100.0, 160.0]
