"""The hands that break things: faults of localaws's API by its admin request, and processes by signal."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from mlproject.errors import PlatformError

PROC = Path("/proc")
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 600.0
STRIKE_SECONDS = 600.0
"""How long a fault waits for the call that it is to strike, also on a machine with much else to do."""
HELD_SECONDS = 120.0
"""How long a held call waits: far longer than it takes to kill who waits for it."""


def until(done: Callable[[], bool], what: str, patience: float = PATIENCE_SECONDS) -> None:
    """Return as soon as ``done``; raise `PlatformError` that ``what`` did not come."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            raise PlatformError(f"{what}: not within {patience:.0f} s")
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Injector:
    """Breaks API calls of a localaws.

    Attributes
    ----------
    endpoint
        The server's.
    """

    endpoint: str

    @contextmanager
    def fault(self, request: str, **effect: Any) -> Iterator[Struck]:
        """Break the calls that match ``request`` while inside; see ``localaws.faults`` for the effects."""
        url = f"{self.endpoint}/_localaws/faults"
        answer = requests.post(url, json={"request": request, **effect}, timeout=30)
        if not answer.ok:
            raise PlatformError(f"the fault {request!r} cannot be injected: {answer.json()['message']}")
        number = str(answer.json()["id"])
        try:
            yield Struck(lambda: int(requests.get(url, timeout=30).json()[number]["hits"]))
        finally:
            requests.delete(f"{url}?{number}", timeout=30)

    @contextmanager
    def pace(self, minute: float) -> Iterator[None]:
        """Let a minute of a time-out last so many seconds while inside."""
        url = f"{self.endpoint}/_localaws/faults"
        requests.put(url, json={"minute": minute}, timeout=30).raise_for_status()
        try:
            yield
        finally:
            requests.put(url, json={"minute": 60}, timeout=30).raise_for_status()

    def held(self, request: str, after: int = 0) -> contextlib.AbstractContextManager[Struck]:
        """Hold the call that matches ``request``, so that its caller can be met there; it is never carried out."""
        return self.fault(request, delay=HELD_SECONDS, drop=True, after=after)


@dataclass(frozen=True)
class Struck:
    """Tells how often a fault struck."""

    hits: Callable[[], int]

    def wait(self, number: int = 1) -> None:
        """Return once the fault struck ``number`` calls."""
        until(lambda: self.hits() >= number, "the injected fault meets no call", STRIKE_SECONDS)


def processes(environment: str, command: str = "") -> list[int]:
    """Return the processes whose environment and whose command hold these texts."""
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        # Those of others, and those that have just ended, are none of ours.
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if environment.encode() in (folder / "environ").read_bytes() and command.encode() in words:
                found.append(int(folder.name))
    return found


def kill(environment: str, command: str = "") -> int:
    """Kill such processes with no chance to clean up; return how many there were."""
    found = processes(environment, command)
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    if not found:
        raise PlatformError(f"no process of {environment!r} to kill")
    return len(found)
