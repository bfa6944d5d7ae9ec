"""What a tuning job tries next."""

from __future__ import annotations

from typing import Any

import pytest
from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.hyperparameter_search import make_search

COLOURS = {"Name": "colour", "Values": ["red", "blue"]}
SIZES = {"Name": "size", "Values": ["1", "2", "3"]}


def config(strategy: str, most: int | None = None, **more: Any) -> dict[str, Any]:
    limits: dict[str, Any] = {"MaxParallelTrainingJobs": 1}
    if most is not None:
        limits["MaxNumberOfTrainingJobs"] = most
    return {"Strategy": strategy, "ResourceLimits": limits, **more}


def span(kind: str, low: str, high: str, scaling: str = "Auto") -> dict[str, Any]:
    item = {"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}
    return {f"{kind}ParameterRanges": [item]}


def test_a_grid_is_every_combination_once() -> None:
    search = make_search(config("Grid"), {"CategoricalParameterRanges": [COLOURS, SIZES]}, True)
    found = [tuple(search.propose()[1].values()) for _ in range(6)]
    assert sorted(found) == sorted((colour, size) for colour in ("red", "blue") for size in ("1", "2", "3"))


@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
@pytest.mark.parametrize(
    ("ranges", "kind", "low", "high"),
    [
        (span("Integer", "2", "9"), int, 2, 9),
        (span("Integer", "1", "1000", "Logarithmic"), int, 1, 1000),
        (span("Continuous", "0.5", "0.75", "Linear"), float, 0.5, 0.75),
        (span("Continuous", "0.0001", "1", "Logarithmic"), float, 0.0001, 1),
        (span("Continuous", "0.5", "0.999", "ReverseLogarithmic"), float, 0.5, 0.999),
    ],
)
def test_proposals_are_texts_within_their_range(
    strategy: str, ranges: dict[str, Any], kind: type[float], low: float, high: float
) -> None:
    search = make_search(config(strategy, 30), ranges, True)
    for _ in range(30):
        trial, values = search.propose()
        assert low - 1e-9 <= kind(values["x"]) <= high + 1e-9
        search.learn(trial, 0.5)


def test_equal_seeds_give_equal_proposals() -> None:
    searches = [
        make_search(config("Random", 5, RandomSeed=7), span("Continuous", "0", "1"), True) for _ in range(2)
    ]
    first, second = ([search.propose()[1] for _ in range(5)] for search in searches)
    assert first == second


@pytest.mark.parametrize(("maximize", "best"), [(True, 1.0), (False, 0.0)])
def test_bayesian_search_goes_where_the_objective_is_better(maximize: bool, best: float) -> None:
    search = make_search(config("Bayesian", 30, RandomSeed=1), span("Continuous", "0", "1"), maximize)
    tried = []
    for _ in range(30):
        trial, values = search.propose()
        tried.append(float(values["x"]))
        search.learn(trial, tried[-1] if trial % 7 else None)
    late = sum(tried[20:]) / 10
    assert abs(late - best) < 0.25


@pytest.mark.parametrize(
    ("given", "ranges", "words"),
    [
        (config("Hyperband", 3), span("Integer", "1", "2"), "strategy Hyperband"),
        (config("Grid"), span("Integer", "1", "2"), "only categorical"),
        (config("Grid", 5), {"CategoricalParameterRanges": [COLOURS]}, "all 2 combinations"),
        (config("Bayesian"), span("Integer", "1", "2"), "needs MaxNumberOfTrainingJobs"),
        (config("Random", 3), span("Integer", "2", "2"), "must be less"),
        (config("Random", 3), span("Integer", "a", "2"), "not made of numbers"),
        (config("Random", 3), span("Continuous", "0", "2", "Logarithmic"), "MinValue above 0"),
        (config("Random", 3), span("Continuous", "0", "2", "ReverseLogarithmic"), "0 <= x < 1"),
        (config("Random", 3), span("Integer", "0", "2", "ReverseLogarithmic"), "is not for x"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    given: dict[str, Any], ranges: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        make_search(given, ranges, True)
