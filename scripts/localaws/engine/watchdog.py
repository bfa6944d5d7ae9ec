"""Outlives a server that was killed: reads process groups from a pipe and, at its end, ends them and their like.

Run as a program of its own (``python -m localaws.engine.watchdog MARKER FOLDER``): each line of standard input is
``+<process group>`` or ``-<process group>``; the folder of temporary files goes last.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from localaws.engine.processes import kill_all, signal_group


class Watchdog:
    """The server's end: tells the watchdog process what to end should the server die."""

    def __init__(self, marker: str, temporary: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__, marker, str(temporary)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            bufsize=1,
        )

    def tell(self, line: str) -> None:
        """Report ``+<group>`` (started) or ``-<group>`` (ended)."""
        # Without a watchdog containers still end with an orderly server.
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line + "\n")

    def close(self) -> None:
        """Let the watchdog do its work and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)


def watch(lines: Iterable[str], marker: str) -> None:
    """Follow the reports until they end, then end every group that is left and every marked process."""
    groups: set[int] = set()
    for line in lines:
        if line.startswith("+"):
            groups.add(int(line[1:]))
        elif line.startswith("-"):
            groups.discard(int(line[1:]))
    for group in groups:
        signal_group(group, signal.SIGKILL)
    kill_all(marker)


if __name__ == "__main__":
    # A terminal's Ctrl-C is for the server, which ends its containers itself and then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch(sys.stdin, sys.argv[1])
    shutil.rmtree(sys.argv[2], ignore_errors=True)
