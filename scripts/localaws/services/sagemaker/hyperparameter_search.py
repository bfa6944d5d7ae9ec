"""Proposes hyperparameters for the trials of a tuning job, and learns from what they came to."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, Protocol

from moto.sagemaker.exceptions import ValidationError

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
    # Optuna takes half a second to import, and most servers never search.
    from localaws.services.sagemaker.optuna_search import OptunaSearch

    return OptunaSearch(ranges, strategy, maximize, limit, config.get("RandomSeed"))
