from __future__ import annotations

import os
import subprocess
import sys
import time

from process_groups import usage_of, watching

BUSY = "import sys, time\nsys.stdin.readline()\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass\nsys.stdin.read()"


def busy_seconds() -> float:
    usage = usage_of([os.getpid()])
    return usage["functions"].cpu_seconds if "functions" in usage else 0.0


def test_processes_are_counted_by_what_they_are() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, "awslambdaric"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        with watching([os.getpid()], 0.1) as watch:
            child.stdin.write(b"\n")
            child.stdin.flush()
            deadline = time.monotonic() + 20.0
            while busy_seconds() < 0.05 and time.monotonic() < deadline:
                time.sleep(0.05)
        child.communicate()
    usage = watch.samples[-1][1]["functions"]
    assert (usage.processes, "functions" in watch.kinds) == (1, True)
    assert usage.memory_mb > 1
    assert watch.cpu_seconds("functions") >= 0.05
    assert watch.memory("functions", 60.0) > 1
    assert len(watch.totals()) == len(watch.samples)


def test_processes_of_others_are_not_counted() -> None:
    assert usage_of([-1]) == {}
