"""Tells whether this machine has a processor to spare."""

from __future__ import annotations

import os
from pathlib import Path

_LOAD = Path("/proc/loadavg")


def is_one_idle() -> bool:
    """Tell whether fewer threads want to run at this moment than there are processors, the caller's left out."""
    running = int(_LOAD.read_text().split()[3].partition("/")[0])
    return running <= max(1, len(os.sched_getaffinity(0)) - 1)
