"""What a service measures of single requests comes in; a second later their statistics are in CloudWatch."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.batches import Batch
from localaws.runtime import runtime

log = logging.getLogger("localaws")


class MetricBatch:
    """The metrics of one thing: kept as statistics of a second, so that requests without end take no memory.

    Parameters
    ----------
    region, namespace
        Where the metrics go.
    dimensions
        The sets of dimensions, by name, that each metric is counted under.
    units
        Of the metrics that are no plain numbers.
    """

    def __init__(
        self,
        account: str,
        region: str,
        namespace: str,
        dimensions: Sequence[Mapping[str, str]],
        units: Mapping[str, str],
    ) -> None:
        self._account = account
        self._region = region
        self._namespace = namespace
        self._dimensions = [
            [{"Name": name, "Value": value} for name, value in each.items()] for each in dimensions
        ]
        self._units = units
        self._batch: Batch[Mapping[str, float]] = Batch(f"metrics {namespace}", self._put)

    def add(self, measured: Mapping[str, float]) -> None:
        """Record what was measured of a request, by metric."""
        self._batch.add(measured)

    def flush(self) -> None:
        """Hand on what is still waiting."""
        self._batch.flush()

    def _put(self, items: list[Mapping[str, float]]) -> None:
        values: dict[str, list[float]] = defaultdict(list)
        for item in items:
            for name, value in item.items():
                values[name].append(value)
        data = [
            self._datum(name, numbers, dimensions)
            for name, numbers in values.items()
            for dimensions in self._dimensions
        ]
        try:
            runtime().client("cloudwatch", self._region, account=self._account).put_metric_data(
                Namespace=self._namespace, MetricData=data
            )
        except (ClientError, BotoCoreError) as error:
            log.error("metrics of %s: %s", self._namespace, error)

    def _datum(self, name: str, numbers: list[float], dimensions: list[dict[str, str]]) -> dict[str, Any]:
        return {
            "MetricName": name,
            "Dimensions": dimensions,
            "Timestamp": datetime.now(UTC),
            "Unit": self._units.get(name, "None"),
            "StatisticValues": {
                "SampleCount": len(numbers),
                "Sum": sum(numbers),
                "Minimum": min(numbers),
                "Maximum": max(numbers),
            },
        }
