"""The API scores the model's own test records as the evaluation did, and fast enough."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

from deployment.api_client import ApiClient
from deployment.golden_records import GoldenRecord
from deployment.stage_config import StageConfig

SMOKE_RECORDS = 3
Record = Callable[[str, object], None]


def scores(api: ApiClient, golden: list[GoldenRecord]) -> list[float]:
    answer = api.post([item.record for item in golden])
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-correlation-id"]
    predictions = answer.json()["predictions"]
    assert {frozenset(prediction) for prediction in predictions} == {frozenset({"score", "label"})}
    return [prediction["score"] for prediction in predictions]


def largest_difference(answered: list[float], golden: list[GoldenRecord]) -> float:
    return max(abs(score - item.score) for score, item in zip(answered, golden, strict=True))


def test_golden_records_score_as_in_the_evaluation(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig, record_testsuite_property: Record
) -> None:
    batch = golden[:100]
    difference = largest_difference(scores(api, batch), batch)
    record_testsuite_property("golden_records", len(batch))
    record_testsuite_property("golden_difference", difference)
    assert difference <= config.tests.score_tolerance


@pytest.mark.smoke
def test_a_few_golden_records_score_as_in_the_evaluation(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig
) -> None:
    for item in golden[:SMOKE_RECORDS]:
        assert largest_difference(scores(api, [item]), [item]) <= config.tests.score_tolerance


def test_a_record_on_its_own_scores_as_in_a_list(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig
) -> None:
    answer = api.post(golden[0].record)
    assert answer.status_code == 200, answer.text
    (prediction,) = answer.json()["predictions"]
    assert prediction["score"] == pytest.approx(scores(api, golden[:1])[0], abs=config.tests.score_tolerance)


def test_latency_is_within_its_bound(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig, record_testsuite_property: Record
) -> None:
    seconds = []
    for index in range(config.tests.latency_requests):
        started = time.perf_counter()
        answer = api.post(golden[index % len(golden)].record)
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 200, answer.text
    p95 = statistics.quantiles(seconds, n=20)[-1]
    record_testsuite_property("latency_median_seconds", statistics.median(seconds))
    record_testsuite_property("latency_p95_seconds", p95)
    record_testsuite_property("latency_bound_seconds", config.tests.latency_p95_seconds)
    assert p95 <= config.tests.latency_p95_seconds
