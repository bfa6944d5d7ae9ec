"""Outlives a server that was killed: waits for the end of a pipe, then removes the server's containers.

Run as a program of its own (``python -m localaws.engine.docker_reaper OWNER``), which reads nothing and prints nothing.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import docker

from localaws.engine.docker_owner import remove_owned

SETTLE_SECONDS = 2


class Reaper:
    """The server's end of the pipe."""

    def __init__(self, owner: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__, owner],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """End the reaper: the server has removed everything itself."""
        self._process.kill()
        self._process.communicate()


if __name__ == "__main__":
    # A terminal's Ctrl-C is for the server, which ends its containers itself and then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.read()
    client = docker.from_env()
    remove_owned(client, sys.argv[1])
    # What the engine was about to make when the server was killed is there by now.
    time.sleep(SETTLE_SECONDS)
    remove_owned(client, sys.argv[1])
