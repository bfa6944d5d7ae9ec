"""Outlives a server that was killed: waits for the end of a pipe, then removes the server's containers.

Run as a program of its own (``python -m localaws.engine.docker_reaper OWNER``), which reads nothing and prints nothing.
"""

from __future__ import annotations

import signal
import subprocess
import sys

import docker

from localaws.engine.docker_owner import remove_owned

END_SECONDS = 60


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
        """Let the reaper do its work and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=END_SECONDS)


if __name__ == "__main__":
    # A terminal's Ctrl-C is for the server, which ends its containers itself and then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.read()
    remove_owned(docker.from_env(), sys.argv[1])
