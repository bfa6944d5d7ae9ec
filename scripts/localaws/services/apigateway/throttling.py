"""Counts requests against limits: token buckets of stages and usage plans, quotas of usage plans."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from localaws.services.apigateway.exchange import Exchange
from localaws.services.apigateway.gateway_responses import GatewayError


@dataclass
class TokenBucket:
    """Lets ``rate`` requests a second pass, and ``burst`` at once."""

    rate: float
    burst: int
    tokens: float = field(init=False)
    refilled: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = float(self.burst)

    def take(self) -> bool:
        """Take a token; tell whether there was one."""
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.refilled) * self.rate)
        self.refilled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Limits:
    """Every bucket and quota counter of this process."""

    def __init__(self) -> None:
        self._buckets: dict[Hashable, TokenBucket] = {}
        self._counts: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def admit(self, key: Hashable, rate: float, burst: int) -> bool:
        """Tell whether one more request passes; changed limits begin with a full bucket."""
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
                bucket = self._buckets[key] = TokenBucket(rate, burst)
            return bucket.take()

    def count(self, key: Hashable, limit: int) -> bool:
        """Tell whether one more request is within a quota."""
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key] <= limit


LIMITS = Limits()


def check_stage(exchange: Exchange) -> None:
    """Raise GatewayError when the stage's method settings allow no more requests now."""
    settings = method_settings(exchange)
    if exchange.resource is None or settings is None:
        return
    target = exchange.target
    key = (target.api.id, target.stage.name, exchange.resource.path, exchange.request.method)
    _admit(key, settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit"))


def check_usage_plan(plan: Any, key_id: str) -> None:
    """Raise GatewayError when a usage plan allows its key no more requests now, or in this period."""
    throttle, quota = plan.throttle or {}, plan.quota or {}
    _admit((plan.id, key_id), throttle.get("rateLimit"), throttle.get("burstLimit"))
    limit = quota.get("limit")
    if limit is not None and not LIMITS.count((plan.id, key_id, _period(quota)), int(limit)):
        raise GatewayError("QUOTA_EXCEEDED")


def method_settings(exchange: Exchange) -> Mapping[str, Any] | None:
    """Return the stage's settings for the method: its own, else the stage's for all methods."""
    settings: Mapping[str, Mapping[str, Any]] = exchange.target.stage.method_settings
    if exchange.resource is not None:
        path = exchange.resource.path.strip("/").replace("/", "~1")
        for key in (f"{path}/{exchange.request.method}", f"~1{path}/{exchange.request.method}"):
            if key in settings:
                return settings[key]
    return settings.get("*/*")


def _admit(key: Hashable, rate: Any, burst: Any) -> None:
    # A negative limit switches throttling off.
    if rate is None or burst is None or float(rate) < 0 or int(burst) < 0:
        return
    if not LIMITS.admit(key, float(rate), int(burst)):
        raise GatewayError("THROTTLED")


def _period(quota: Mapping[str, Any]) -> str:
    today = datetime.now(UTC).date()
    if quota.get("period") == "MONTH":
        return f"{today:%Y-%m}"
    if quota.get("period") == "WEEK":
        return str(today - timedelta(days=today.weekday()))
    return str(today)
