"""Tells whether this machine has a processor to spare."""

from __future__ import annotations

import os
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")
LOAD = Path("/proc/loadavg")
MOST_PRESSURE = 60.0
"""Percent of the last ten seconds in which some thread waited for a processor; two that are busy for four fifths of the
time reach it."""


def is_one_idle() -> bool:
    """Tell whether a processor was to be had in the last seconds; where the kernel keeps no record, at this moment.

    A moment tells little: of threads that wait for one another few want to run at once, however busy all are.
    """
    try:
        some = PRESSURE.read_text().splitlines()[0]
    except OSError:
        running = int(LOAD.read_text().split()[3].partition("/")[0])
        return running <= max(1, len(os.sched_getaffinity(0)) - 1)
    return float(some.split()[1].removeprefix("avg10=")) < MOST_PRESSURE
