"""Proposes hyperparameters for the trials of a tuning job and learns from what they came to; optuna does the search."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

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
STRATEGIES = ("Bayesian", "Random", "Grid")


class Search(Protocol):
    """Where the next trial's hyperparameters come from.

    Attributes
    ----------
    limit
        How many trials there are.
    """

    limit: int

    def propose(self) -> tuple[int, dict[str, str]]:
        """Return the number of a trial and its hyperparameters."""

    def learn(self, trial: int, value: float | None) -> None:
        """Take in what a trial came to, None when it came to nothing."""


class GridSearch:
    """Every combination of categorical values, once.

    Parameters
    ----------
    ranges
        ParameterRanges, all of them categorical.
    limit
        How many trials the caller wants; None, or the number of combinations.
    """

    def __init__(self, ranges: Mapping[str, Any], limit: int | None) -> None:
        if any(ranges.get(f"{kind}ParameterRanges") for kind in ("Integer", "Continuous")):
            raise ValidationError("Grid search takes only categorical parameters.")
        names = [item["Name"] for item in ranges.get("CategoricalParameterRanges", ())]
        values = [item["Values"] for item in ranges.get("CategoricalParameterRanges", ())]
        self.limit = math.prod(map(len, values))
        if limit not in (None, self.limit):
            raise ValidationError(
                f"MaxNumberOfTrainingJobs {limit} is invalid: grid search runs all {self.limit} combinations."
            )
        self._rest = enumerate(dict(zip(names, row, strict=True)) for row in itertools.product(*values))

    def propose(self) -> tuple[int, dict[str, str]]:
        """Return the next combination."""
        return next(self._rest)

    def learn(self, trial: int, value: float | None) -> None:
        """Forget it: the next combination is the next one, whatever came before."""


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


def make_search(config: Mapping[str, Any], ranges: Mapping[str, Any], maximize: bool) -> Search:
    """Return the search of a HyperParameterTuningJobConfig; refuse what cannot be searched."""
    strategy = config["Strategy"]
    if strategy not in STRATEGIES:
        raise ValidationError(f"localaws does not support the tuning strategy {strategy}.")
    limit = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if strategy == "Grid":
        return GridSearch(ranges, limit)
    if limit is None:
        raise ValidationError(f"{strategy} search needs MaxNumberOfTrainingJobs.")
    return OptunaSearch(ranges, strategy, maximize, limit, config.get("RandomSeed"))


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
