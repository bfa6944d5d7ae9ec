"""Counts invocations of a variant in CloudWatch: the metrics that alarms and scaling of endpoints look at."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.runtime import runtime
from localaws.services.sagemaker.batches import Batch
from localaws.services.sagemaker.resources import Region, now

log = logging.getLogger("localaws")
NAMESPACE = "AWS/SageMaker"


class Measures:
    """The CloudWatch metrics of one variant.

    Parameters
    ----------
    region, endpoint, variant
        The metrics' place and dimensions.
    """

    def __init__(self, region: Region, endpoint: str, variant: str) -> None:
        self._region = region
        self._dimensions = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
        self._batch: Batch[dict[str, float]] = Batch(f"metrics {endpoint}/{variant}", self._put)

    def count(self, status: int, seconds: float, instances: int) -> None:
        """Record one invocation, the model's answer to it and how long it took."""
        self._batch.add(
            {
                "Invocations": 1,
                "InvocationsPerInstance": 1 / max(instances, 1),
                "ModelLatency": seconds * 1e6,
                "Invocation4XXErrors": float(400 <= status < 500),
                "Invocation5XXErrors": float(status >= 500),
            }
        )

    def close(self) -> None:
        """Record what is still waiting."""
        self._batch.flush()

    def _put(self, items: list[dict[str, float]]) -> None:
        values: dict[str, list[float]] = defaultdict(list)
        for item in items:
            for name, value in item.items():
                values[name].append(value)
        data = [self._datum(name, numbers) for name, numbers in values.items()]
        try:
            runtime().client("cloudwatch", self._region.name).put_metric_data(
                Namespace=NAMESPACE, MetricData=data
            )
        except (ClientError, BotoCoreError) as error:
            log.error("metrics of an endpoint: %s", error)

    def _datum(self, name: str, numbers: list[float]) -> dict[str, Any]:
        return {
            "MetricName": name,
            "Dimensions": self._dimensions,
            "Timestamp": now(),
            "Unit": "Microseconds" if name == "ModelLatency" else "None",
            "StatisticValues": {
                "SampleCount": len(numbers),
                "Sum": sum(numbers),
                "Minimum": min(numbers),
                "Maximum": max(numbers),
            },
        }
