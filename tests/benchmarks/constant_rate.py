"""Offers HTTP requests at a constant rate, whether or not earlier ones were answered; what came of them goes out.

One thread and kept connections, so that it takes little of the machine that it measures: a request in flight has a
connection to itself, and as many are opened as it takes.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

FAILED = 0
LATE_SECONDS = 0.1
"""A sender that is so far behind has not offered what it claims."""

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0


@dataclass
class Load:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    """From when a request was due to the end of its answer."""
    late: int = 0
    most_at_once: int = 0
    seconds: float = 0.0
    """From when the first request was due to the last answer."""

    def percentile(self, share: float) -> float:
        """Return the latency that so large a share of requests kept."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.statuses.total()

    @property
    def answered_a_second(self) -> float:
        """The rate of answers."""
        return self.requests / self.seconds if self.seconds else 0.0

    def others(self, *allowed: int) -> int:
        """Return how many got none of the allowed statuses."""
        return sum(count for status, count in self.statuses.items() if status not in allowed)


def offer(address: tuple[str, int], request: Callable[[], bytes], rate: float, seconds: float) -> Load:
    """Send requests at a constant rate for so long, and wait for the last answer.

    Parameters
    ----------
    address
        Host and port of the server, without TLS.
    request
        Returns the next request, head and body.
    rate
        Requests a second.
    seconds
        For how long.
    """
    return asyncio.run(_Sender(address, request).offer(rate, round(rate * seconds)))


class _Sender:
    def __init__(self, address: tuple[str, int], request: Callable[[], bytes]) -> None:
        self._address = address
        self._request = request
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._load = Load()
        self._under_way = 0

    async def offer(self, rate: float, number: int) -> Load:
        began = time.perf_counter() + 0.1
        async with asyncio.TaskGroup() as tasks:
            for each in range(number):
                due = began + each / rate
                ahead = due - time.perf_counter()
                if ahead > 0:
                    await asyncio.sleep(ahead)
                self._load.late += ahead < -LATE_SECONDS
                tasks.create_task(self._send(due))
        self._load.seconds = time.perf_counter() - began
        for _, writer in self._idle:
            writer.close()
        return self._load

    async def _send(self, due: float) -> None:
        self._under_way += 1
        self._load.most_at_once = max(self._load.most_at_once, self._under_way)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status = await self._ask()
        except (OSError, EOFError, ValueError, TimeoutError):
            status = FAILED
        self._under_way -= 1
        self._load.statuses[status] += 1
        self._load.milliseconds.append((time.perf_counter() - due) * 1000)

    async def _ask(self) -> int:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(self._request())
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            writer.close()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(lines[0].split(" ", 2)[1])
