"""What happened to each request in; a JSON line each at debug and CloudWatch metrics (EMF) every minute out."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

NAMESPACE = "xgboost-daal4py"
MOST_KEPT = 5_000
"""Latencies of a minute that are remembered, so that memory stays the same under any load."""
SAMPLES = 100
"""CloudWatch takes this many values of a metric in one line and computes percentiles over all workers from them."""


@dataclass(slots=True)
class Request:
    """One request, when it is over."""

    status: int
    seconds: float
    body_bytes: int
    records: int = 0
    model: str = ""
    correlation_id: str = ""


def write_line(line: str) -> None:
    """Write a line to standard output in one piece, so that the lines of several workers stay apart."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass
class Telemetry:
    """The log and the metrics of one worker process.

    Parameters
    ----------
    debug
        Whether every request is logged; payloads never are.
    write
        Where a line goes.
    """

    debug: bool = False
    write: Callable[[str], None] = write_line
    _statuses: Counter[int] = field(default_factory=Counter)
    _samples: list[float] = field(default_factory=list)
    _requests: int = 0
    _records: int = 0
    _slowest: float = 0.0

    def log(self, event: str, **facts: object) -> None:
        """Write one event as a JSON line."""
        self.write(json.dumps({"event": event, "worker": os.getpid(), **facts}))

    def record(self, request: Request) -> None:
        """Count a request, and log it at debug."""
        self._statuses[request.status] += 1
        self._requests += 1
        self._records += request.records
        self._slowest = max(self._slowest, request.seconds)
        self._sample(request.seconds)
        if self.debug:
            self.log(
                "request",
                status=request.status,
                milliseconds=round(request.seconds * 1000, 3),
                bytes=request.body_bytes,
                records=request.records,
                **({"model": request.model} if request.model else {}),
                **({"correlation_id": request.correlation_id} if request.correlation_id else {}),
            )

    def flush(self) -> None:
        """Write the metrics since the last time, if anything happened."""
        if not self._statuses:
            return
        self.write(json.dumps(self._metrics()))
        self._statuses.clear()
        self._samples.clear()
        self._requests = 0
        self._records = 0
        self._slowest = 0.0

    def _sample(self, seconds: float) -> None:
        """Keep a fair sample of the latencies of the minute, whatever their number."""
        if len(self._samples) < MOST_KEPT:
            self._samples.append(seconds)
            return
        place = int(random.random() * self._requests)  # noqa: S311 - a sample of latencies
        if place < MOST_KEPT:
            self._samples[place] = seconds

    def _metrics(self) -> dict[str, object]:
        latencies = [round(seconds * 1000, 3) for seconds in sorted(self._samples)]
        quantiles = [latencies[(len(latencies) - 1) * step // (SAMPLES - 1)] for step in range(SAMPLES)]
        units = {
            "Requests": "Count",
            "Records": "Count",
            "ClientErrors": "Count",
            "ServerErrors": "Count",
            "Latency": "Milliseconds",
        }
        metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
        return {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}],
            },
            "Requests": self._requests,
            "Records": self._records,
            "ClientErrors": sum(count for status, count in self._statuses.items() if 400 <= status < 500),
            "ServerErrors": sum(count for status, count in self._statuses.items() if status >= 500),
            "Latency": quantiles if len(latencies) > SAMPLES else latencies,
            "worker": os.getpid(),
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
            "latency_ms": {
                **{f"p{share}": latencies[(len(latencies) - 1) * share // 100] for share in (50, 90, 99)},
                "max": round(self._slowest * 1000, 3),
            },
        }
