"""Runs work in background threads that wait for more: a thread for each request costs more than most requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]


class IdleThreads:
    """Threads that end with the process, whatever they do: as many as there was work at once.

    The standard library's pool keeps the process until its work is done.

    Parameters
    ----------
    name
        Of the threads.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[SimpleQueue[Work]] = []

    def run(self, work: Work) -> None:
        """Begin ``work``, which must not raise."""
        try:
            inbox = self._idle.pop()
        except IndexError:
            inbox = SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), name=self._name, daemon=True).start()
        inbox.put(work)

    def _serve(self, inbox: SimpleQueue[Work]) -> None:
        while True:
            inbox.get()()
            self._idle.append(inbox)
