"""Counts invocations of a variant in CloudWatch: the metrics that alarms and scaling of endpoints look at."""

from __future__ import annotations

from localaws.metric_batch import MetricBatch
from localaws.services.sagemaker.resources import Region

NAMESPACE = "AWS/SageMaker"


class Measures:
    """The CloudWatch metrics of one variant.

    Parameters
    ----------
    region, endpoint, variant
        The metrics' place and dimensions.
    """

    def __init__(self, region: Region, endpoint: str, variant: str) -> None:
        dimensions = {"EndpointName": endpoint, "VariantName": variant}
        self._batch = MetricBatch(
            region.account, region.name, NAMESPACE, [dimensions], {"ModelLatency": "Microseconds"}
        )

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
