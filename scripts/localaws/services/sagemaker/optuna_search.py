"""Random and Bayesian search over ranges of hyperparameters: SageMaker's ranges in, optuna's proposals out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import optuna
from moto.sagemaker.exceptions import ValidationError
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

MOST_RANDOM_TRIALS = 10
REVERSE = "ReverseLogarithmic"


class OptunaSearch:
    """Random or Bayesian search.

    Parameters
    ----------
    ranges
        ParameterRanges.
    strategy
        Random or Bayesian.
    maximize
        Whether more is better.
    limit
        How many trials there will be.
    seed
        Equal seeds give equal proposals.
    """

    def __init__(
        self, ranges: Mapping[str, Any], strategy: str, maximize: bool, limit: int, seed: int | None
    ) -> None:
        self.limit = limit
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = dict(_distributions(ranges))
        self._reversed = {
            item["Name"]
            for item in ranges.get("ContinuousParameterRanges", ())
            if item.get("ScalingType") == REVERSE
        }
        sampler: optuna.samplers.BaseSampler
        if strategy == "Random":
            sampler = optuna.samplers.RandomSampler(seed)
        else:
            startup = max(1, min(MOST_RANDOM_TRIALS, limit // 3))
            sampler = optuna.samplers.TPESampler(n_startup_trials=startup, seed=seed)
        self._study = optuna.create_study(sampler=sampler, direction="maximize" if maximize else "minimize")

    def propose(self) -> tuple[int, dict[str, str]]:
        """Return what the sampler thinks best."""
        trial = self._study.ask(self._space)
        return trial.number, {name: self._text(name, value) for name, value in trial.params.items()}

    def learn(self, trial: int, value: float | None) -> None:
        """Tell the sampler."""
        if value is None or math.isnan(value):
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, value)

    def _text(self, name: str, value: Any) -> str:
        return str(1 - value if name in self._reversed else value)


def _distributions(ranges: Mapping[str, Any]) -> Iterator[tuple[str, BaseDistribution]]:
    for item in ranges.get("CategoricalParameterRanges", ()):
        yield item["Name"], CategoricalDistribution(item["Values"])
    for item in ranges.get("IntegerParameterRanges", ()):
        low, high = _bounds(item, int)
        scaling = _scaling(item, low, ("Auto", "Linear", "Logarithmic"))
        yield item["Name"], IntDistribution(int(low), int(high), log=scaling == "Logarithmic")
    for item in ranges.get("ContinuousParameterRanges", ()):
        low, high = _bounds(item, float)
        scaling = _scaling(item, low, ("Auto", "Linear", "Logarithmic", REVERSE))
        if scaling == REVERSE:
            if low < 0 or high >= 1:
                raise ValidationError(f"{REVERSE} needs a range within 0 <= x < 1: {item['Name']}.")
            low, high = 1 - high, 1 - low
        yield item["Name"], FloatDistribution(low, high, log=scaling in ("Logarithmic", REVERSE))


def _bounds(item: Mapping[str, str], kind: type[int] | type[float]) -> tuple[float, float]:
    try:
        low, high = kind(item["MinValue"]), kind(item["MaxValue"])
    except ValueError as error:
        raise ValidationError(f"The range of {item['Name']} is not made of numbers: {error}.") from error
    if not low < high:
        raise ValidationError(f"MinValue of {item['Name']} must be less than its MaxValue.")
    return low, high


def _scaling(item: Mapping[str, str], low: float, allowed: Sequence[str]) -> str:
    scaling = item.get("ScalingType", "Auto")
    if scaling not in allowed:
        raise ValidationError(f"ScalingType {scaling} is not for {item['Name']}.")
    if scaling == "Logarithmic" and low <= 0:
        raise ValidationError(f"Logarithmic scaling needs a MinValue above 0: {item['Name']}.")
    return scaling
