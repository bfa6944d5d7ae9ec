"""Finding and ending processes by a marker in their environment, also those that left their process group."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

PROC = Path("/proc")
PATIENCE_SECONDS = 5.0


def marked(marker: str) -> list[int]:
    """Return the ids of the processes whose environment carries ``marker`` (``NAME=value``).

    Without ``/proc`` (not Linux) nothing is found; process groups are then all there is to go by.
    """
    wanted = marker.encode()
    found = []
    for folder in PROC.iterdir() if PROC.exists() else ():
        if not folder.name.isdigit():
            continue
        # A process of another user, or one that has just ended, cannot be ours.
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def signal_all(marker: str, number: int) -> int:
    """Send a signal to every marked process; return how many there were."""
    found = marked(marker)
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    return len(found)


def kill_all(marker: str) -> None:
    """Kill every marked process, also those that they start meanwhile."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while signal_all(marker, signal.SIGKILL) and time.monotonic() < deadline:
        time.sleep(0.01)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
