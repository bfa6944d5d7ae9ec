"""Which of this machine's processors threads run on, and whether there were any to be had.

Threads of one interpreter take turns, dozens of times in a request. Where the next one runs on another processor, that
has to be woken up first: a third of the processor time that requests take, and longer in waiting. So the threads that
answer share one processor; what they start has all of them.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

UPTIME = Path("/proc/uptime")
LEAST_IDLE = 0.5
"""Processors that must have had nothing to do, of all that there are."""
MOST_OWN = 0.8
"""Of one processor: when this process has worked longer, nothing passes through its interpreter any faster."""

_ALL = os.sched_getaffinity(0)
_SHARED = {sorted(_ALL)[os.getpid() % len(_ALL)]}
"""Not the same one for each server of a machine."""


def share_one() -> None:
    """Have this thread, and those that it starts, run on the processor that all callers share."""
    _run_on(_SHARED)


def use_all() -> None:
    """Have this thread, and those that it starts, run wherever there is room."""
    _run_on(_ALL)


@contextlib.contextmanager
def starting_on_all() -> Iterator[None]:
    """Give a process that is started inside every processor, whatever this thread has."""
    before = os.sched_getaffinity(0)
    use_all()
    try:
        yield
    finally:
        _run_on(before)


def _run_on(processors: set[int]) -> None:
    # One that has been taken away meanwhile: the kernel has found others.
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, processors)


@dataclass(frozen=True)
class Times:
    """Seconds up to a moment: of the clock, of all idle processors together, and at work in this process."""

    clock: float
    idle: float
    own: float


def times() -> Times:
    """Return the times of this moment; processors of a machine that does not tell count as idle."""
    clock = time.monotonic()
    try:
        idle = float(UPTIME.read_text().split()[1])
    except OSError:
        idle = clock
    return Times(clock, idle, time.process_time())


def were_to_be_had(since: Times) -> bool:
    """Tell whether something more that works would have been of use since then."""
    now = times()
    passed = now.clock - since.clock
    return now.idle - since.idle >= LEAST_IDLE * passed and now.own - since.own <= MOST_OWN * passed
