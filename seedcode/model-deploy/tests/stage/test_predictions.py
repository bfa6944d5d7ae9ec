"""The API scores the model's own test records as the evaluation did, and fast enough."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from deployment.api_client import ApiClient
from deployment.golden_records import GoldenRecord, golden_difference
from deployment.stage_config import StageConfig

SMOKE_RECORDS = 3
Record = Callable[[str, object], None]


def predictions(api: ApiClient, golden: list[GoldenRecord]) -> list[dict[str, Any]]:
    answer = api.post([item.record for item in golden])
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-correlation-id"]
    found: list[dict[str, Any]] = answer.json()["predictions"]
    assert all(set(prediction) <= {"score", "label"} for prediction in found)
    return found


def test_golden_records_score_as_in_the_evaluation(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig, record_testsuite_property: Record
) -> None:
    batch = golden[:100]
    difference = golden_difference(predictions(api, batch), batch)
    record_testsuite_property("golden_records", len(batch))
    record_testsuite_property("golden_difference", difference)
    assert difference <= config.tests.score_tolerance


@pytest.mark.smoke
def test_a_few_golden_records_score_as_in_the_evaluation(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig
) -> None:
    for item in golden[:SMOKE_RECORDS]:
        assert golden_difference(predictions(api, [item]), [item]) <= config.tests.score_tolerance


def test_a_record_on_its_own_scores_as_in_a_list(
    api: ApiClient, golden: list[GoldenRecord], config: StageConfig
) -> None:
    answer = api.post(golden[0].record)
    assert answer.status_code == 200, answer.text
    (prediction,) = answer.json()["predictions"]
    assert prediction["score"] == pytest.approx(
        predictions(api, golden[:1])[0]["score"], abs=config.tests.score_tolerance
    )


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
