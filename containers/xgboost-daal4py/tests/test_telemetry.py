"""Every minute tells its counts and latencies in CloudWatch's format; at debug every request tells its own."""

from __future__ import annotations

import json
from typing import Any

from xgboost_daal4py.telemetry import MOST_KEPT, SAMPLES, Request, Telemetry


def listen(debug: bool = False) -> tuple[Telemetry, list[str]]:
    lines: list[str] = []
    return Telemetry(debug, lines.append), lines


def flush(telemetry: Telemetry, lines: list[str]) -> Any:
    lines.clear()
    telemetry.flush()
    return json.loads(lines[0]) if lines else None


def test_metrics_count_requests_records_and_errors() -> None:
    telemetry, lines = listen()
    for status in (200, 200, 400, 415, 500):
        telemetry.record(Request(status, 0.002, 10, records=3 if status == 200 else 0))
    metrics = flush(telemetry, lines)
    counted = [metrics[name] for name in ("Requests", "Records", "ClientErrors", "ServerErrors")]
    assert counted == [5, 6, 2, 1]
    assert metrics["statuses"] == {"200": 2, "400": 1, "415": 1, "500": 1}
    declared = metrics["_aws"]["CloudWatchMetrics"][0]
    assert declared["Namespace"] == "xgboost-daal4py"
    assert all(metric["Name"] in metrics for metric in declared["Metrics"])


def test_a_minute_without_requests_says_nothing() -> None:
    telemetry, lines = listen()
    telemetry.record(Request(200, 0.001, 1))
    assert flush(telemetry, lines)["Requests"] == 1
    assert flush(telemetry, lines) is None


def test_percentiles_are_those_of_the_minute_in_bounded_memory() -> None:
    telemetry, lines = listen()
    for number in range(2 * MOST_KEPT):
        telemetry.record(Request(200, (number % 1000) / 1000, 1))
    metrics = flush(telemetry, lines)
    assert len(metrics["Latency"]) == SAMPLES
    assert abs(metrics["latency_ms"]["p50"] - 500) < 60
    assert abs(metrics["latency_ms"]["p99"] - 990) < 20
    assert metrics["latency_ms"]["max"] == 999


def test_debug_writes_a_line_a_request_without_its_payload() -> None:
    telemetry, lines = listen(debug=True)
    telemetry.record(Request(200, 0.0015, 640, records=1, model="a", correlation_id="c0ffee"))
    (line,) = map(json.loads, lines)
    assert line.pop("worker") > 0
    assert line == {
        "event": "request",
        "status": 200,
        "milliseconds": 1.5,
        "bytes": 640,
        "records": 1,
        "model": "a",
        "correlation_id": "c0ffee",
    }
