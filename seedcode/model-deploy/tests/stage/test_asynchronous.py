"""The asynchronous endpoint scores the model's own test records as the evaluation did, in time, and says what fails."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import pytest

from deployment.asynchronous_client import AsynchronousClient
from deployment.golden_records import GoldenRecord
from deployment.stage_config import StageConfig

SMOKE_RECORDS = 3
# A first request may find instances that are still starting.
PATIENCE_SECONDS = 300
Record = Callable[[str, object], None]


def largest_difference(queue: AsynchronousClient, golden: list[GoldenRecord]) -> float:
    outcome = queue.outcome(queue.send([item.record for item in golden]), PATIENCE_SECONDS)
    assert not outcome.failed, outcome.content
    predictions = json.loads(outcome.content)["predictions"]
    assert {frozenset(prediction) for prediction in predictions} == {frozenset({"score", "label"})}
    scores = [prediction["score"] for prediction in predictions]
    return max(abs(float(score) - item.score) for score, item in zip(scores, golden, strict=True))


def test_golden_records_score_as_in_the_evaluation(
    queue: AsynchronousClient,
    golden: list[GoldenRecord],
    config: StageConfig,
    record_testsuite_property: Record,
) -> None:
    difference = largest_difference(queue, golden)
    record_testsuite_property("golden_records", len(golden))
    record_testsuite_property("golden_difference", difference)
    assert difference <= config.tests.score_tolerance


@pytest.mark.smoke
def test_a_few_golden_records_score_as_in_the_evaluation(
    queue: AsynchronousClient, golden: list[GoldenRecord], config: StageConfig
) -> None:
    assert largest_difference(queue, golden[:SMOKE_RECORDS]) <= config.tests.score_tolerance


@pytest.mark.smoke
def test_a_record_without_a_column_fails_with_a_reason(
    queue: AsynchronousClient, golden: list[GoldenRecord]
) -> None:
    record = {name: value for name, value in golden[0].record.items() if name != "Day Mins"}
    outcome = queue.outcome(queue.send(record), PATIENCE_SECONDS)
    assert outcome.failed
    assert "Day Mins" in outcome.content


def test_answers_come_within_their_bound(
    queue: AsynchronousClient,
    golden: list[GoldenRecord],
    config: StageConfig,
    record_testsuite_property: Record,
) -> None:
    seconds = []
    for index in range(config.tests.latency_requests):
        started = time.perf_counter()
        outcome = queue.outcome(queue.send(golden[index % len(golden)].record), PATIENCE_SECONDS)
        seconds.append(time.perf_counter() - started)
        assert not outcome.failed, outcome.content
    p95 = statistics.quantiles(seconds, n=20)[-1]
    record_testsuite_property("latency_median_seconds", statistics.median(seconds))
    record_testsuite_property("latency_p95_seconds", p95)
    record_testsuite_property("latency_bound_seconds", config.tests.latency_p95_seconds)
    assert p95 <= config.tests.latency_p95_seconds
