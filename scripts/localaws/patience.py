"""Steps that wait for events: their caller waits with them as long as it has patience, then they go on without it."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Generator
from typing import NamedTuple

from localaws.idle_threads import IdleThreads

log = logging.getLogger("localaws")
ENDLESS = threading.TIMEOUT_MAX


class Wait(NamedTuple):
    """What steps wait for, and how long."""

    event: threading.Event
    seconds: float


Steps = Generator[Wait, bool, None]
"""Yields each `Wait`, and is told whether the event came."""

_background = IdleThreads("background")


def follow(steps: Steps, patience: float = ENDLESS) -> bool:
    """Carry steps out in this thread; tell whether they came to their end while the caller had patience.

    A thread of their own for all steps of which few take long would cost more than most of them.
    """
    leaves = time.monotonic() + patience
    try:
        wait = next(steps)
        while True:
            left = max(0.0, leaves - time.monotonic())
            came = wait.event.wait(min(wait.seconds, left))
            if not came and left < wait.seconds:
                rest = Wait(wait.event, wait.seconds - left)
                _background.run(functools.partial(_go_on, steps, rest))
                return False
            wait = steps.send(came)
    except StopIteration:
        return True


def _go_on(steps: Steps, wait: Wait) -> None:
    try:
        while True:
            wait = steps.send(wait.event.wait(wait.seconds))
    except StopIteration:
        return
    except Exception:
        log.exception("what nobody waits for any more failed")
