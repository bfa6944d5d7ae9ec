"""Measurements of requests reach CloudWatch as statistics of a second, under every set of dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from localaws import metric_batch
from localaws.metric_batch import MetricBatch


@dataclass
class FakeRuntime:
    """A runtime whose CloudWatch keeps what it is given."""

    put: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str, region: str, account: str) -> FakeRuntime:
        assert (service, region, account) == ("cloudwatch", "eu-west-1", "444455556666")
        return self

    def put_metric_data(self, **given: Any) -> None:
        self.put.append(given)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    fake = FakeRuntime()
    monkeypatch.setattr(metric_batch, "runtime", lambda: fake)
    return fake


def test_many_requests_become_one_statistic_for_each_set_of_dimensions(runtime: FakeRuntime) -> None:
    dimensions = [{"Api": "things"}, {"Api": "things", "Stage": "prod"}]
    batch = MetricBatch("444455556666", "eu-west-1", "Mine", dimensions, {"Latency": "Milliseconds"})
    for milliseconds in range(1, 101):
        batch.add({"Latency": float(milliseconds)})
    batch.flush()
    (put,) = runtime.put
    assert put["Namespace"] == "Mine"
    assert [len(each["Dimensions"]) for each in put["MetricData"]] == [1, 2]
    assert put["MetricData"][1]["Unit"] == "Milliseconds"
    assert put["MetricData"][1]["StatisticValues"] == {
        "SampleCount": 100,
        "Sum": 5050.0,
        "Minimum": 1.0,
        "Maximum": 100.0,
    }


def test_where_nothing_is_measured_nothing_is_put(runtime: FakeRuntime) -> None:
    MetricBatch("444455556666", "eu-west-1", "Mine", [{}], {}).flush()
    assert runtime.put == []
