"""The asynchronous endpoint scores the model's own test records as the evaluation did, in time, and says what fails."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from deployment.asynchronous_client import AsynchronousClient, Invocation
from deployment.golden_records import GoldenRecord, golden_difference
from deployment.stage_config import StageConfig
from inference_api.model_formats import CSV, ModelFormat

SMOKE_RECORDS = 3
# A first request may find instances that are still starting.
PATIENCE_SECONDS = 300
Record = Callable[[str, object], None]


def send(queue: AsynchronousClient, spoken: ModelFormat, golden: list[GoldenRecord]) -> Invocation:
    return queue.send(spoken.encode([item.record for item in golden]), spoken.media_type)


def largest_difference(queue: AsynchronousClient, spoken: ModelFormat, golden: list[GoldenRecord]) -> float:
    outcome = queue.outcome(send(queue, spoken, golden), PATIENCE_SECONDS)
    assert not outcome.failed, outcome.content
    return golden_difference(spoken.decode(outcome.content.encode(), len(golden)), golden)


def test_golden_records_score_as_in_the_evaluation(
    queue: AsynchronousClient,
    spoken: ModelFormat,
    golden: list[GoldenRecord],
    config: StageConfig,
    record_testsuite_property: Record,
) -> None:
    difference = largest_difference(queue, spoken, golden)
    record_testsuite_property("golden_records", len(golden))
    record_testsuite_property("golden_difference", difference)
    assert difference <= config.tests.score_tolerance


@pytest.mark.smoke
def test_a_few_golden_records_score_as_in_the_evaluation(
    queue: AsynchronousClient, spoken: ModelFormat, golden: list[GoldenRecord], config: StageConfig
) -> None:
    assert largest_difference(queue, spoken, golden[:SMOKE_RECORDS]) <= config.tests.score_tolerance


@pytest.mark.smoke
def test_a_request_that_cannot_be_read_fails_with_a_reason(
    queue: AsynchronousClient, spoken: ModelFormat
) -> None:
    unreadable = b"\xff\xff" if spoken.media_type == CSV else b"{"
    outcome = queue.outcome(queue.send(unreadable, spoken.media_type), PATIENCE_SECONDS)
    assert outcome.failed
    assert outcome.content


def test_answers_come_within_their_bound(
    queue: AsynchronousClient,
    spoken: ModelFormat,
    golden: list[GoldenRecord],
    config: StageConfig,
    record_testsuite_property: Record,
) -> None:
    seconds = []
    for index in range(config.tests.latency_requests):
        started = time.perf_counter()
        sent = send(queue, spoken, [golden[index % len(golden)]])
        outcome = queue.outcome(sent, PATIENCE_SECONDS)
        seconds.append(time.perf_counter() - started)
        assert not outcome.failed, outcome.content
    p95 = statistics.quantiles(seconds, n=20)[-1]
    record_testsuite_property("latency_median_seconds", statistics.median(seconds))
    record_testsuite_property("latency_p95_seconds", p95)
    record_testsuite_property("latency_bound_seconds", config.tests.latency_p95_seconds)
    assert p95 <= config.tests.latency_p95_seconds
