"""Any model is scored as XGBoost scores it; by oneDAL where it can, and where not, the reason is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xgboost_daal4py.scorers import XGBoostScorer, choose_scorer, make_probe

OBJECTIVES = (
    "binary:logistic",
    "binary:logitraw",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
    "reg:absoluteerror",
    "reg:gamma",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:tweedie",
)
UNCONVERTED: dict[str, dict[str, Any]] = {
    "does not know the booster dart": {"booster": "dart", "rate_drop": 0.5},
    "does not know the booster gblinear": {"booster": "gblinear"},
    "does not know the objective binary:hinge": {"objective": "binary:hinge"},
    "does not know the objective survival:cox": {"objective": "survival:cox"},
}


def train(
    objective: str, features: int = 4, rounds: int = 5, seed: int = 0, **parameters: Any
) -> xgboost.Booster:
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(120, features)).astype(np.float32)
    matrix[generator.random(matrix.shape) < 0.15] = np.nan
    signal = np.nan_to_num(matrix[:, 0]) + generator.normal(size=120) / 2
    if objective.startswith("multi:"):
        parameters["num_class"] = parameters.get("num_class", 3)
        labels = (np.abs(signal * 10) % parameters["num_class"]).astype(int)
    elif objective.startswith(("binary:", "rank:", "reg:logistic")):
        labels = (signal > 0).astype(int)
    else:
        labels = np.abs(signal) + 0.01
    data = xgboost.DMatrix(matrix, labels)
    if objective.startswith("rank:"):
        data.set_group([40, 40, 40])
    return xgboost.train({"objective": objective, "nthread": 1, "seed": seed, **parameters}, data, rounds)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    objective=st.sampled_from(OBJECTIVES),
    features=st.integers(1, 12),
    rounds=st.integers(1, 15),
    seed=st.integers(0, 10_000),
    max_depth=st.integers(1, 7),
    trees=st.integers(1, 2),
    base_score=st.sampled_from([None, 0.3]),
    rows=st.data(),
)
def test_any_model_scores_as_xgboost_does(
    objective: str,
    features: int,
    rounds: int,
    seed: int,
    max_depth: int,
    trees: int,
    base_score: float | None,
    rows: st.DataObject,
) -> None:
    more: dict[str, Any] = {} if base_score is None else {"base_score": base_score}
    booster = train(objective, features, rounds, seed, max_depth=max_depth, num_parallel_tree=trees, **more)
    number = st.one_of(st.floats(width=32, allow_infinity=False), st.just(float("nan")))
    row = st.lists(number, min_size=features, max_size=features)
    matrix = np.array(rows.draw(st.lists(row, min_size=1, max_size=5)), dtype=np.float32)
    matrix = np.vstack([matrix, make_probe(booster)])
    scorer, _ = choose_scorer(booster)
    wanted = XGBoostScorer(booster).score(matrix)
    got = scorer.score(np.ascontiguousarray(matrix))
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_usual_objective_is_converted(objective: str) -> None:
    scorer, reason = choose_scorer(train(objective))
    assert (scorer.name, reason) == ("daal4py", "")


def test_a_row_scores_alone_as_it_does_among_others() -> None:
    booster = train("binary:logistic", rounds=50)
    scorer, _ = choose_scorer(booster)
    probe = make_probe(booster)
    alone = [scorer.score(probe[place : place + 1])[0] for place in range(len(probe))]
    np.testing.assert_allclose(alone, scorer.score(probe), rtol=1e-5)


@pytest.mark.parametrize("reason", UNCONVERTED)
def test_what_onedal_cannot_take_is_scored_by_xgboost_and_said(reason: str) -> None:
    parameters = {"objective": "binary:logistic", **UNCONVERTED[reason]}
    booster = train(parameters.pop("objective"), **parameters)
    scorer, told = choose_scorer(booster)
    assert scorer.name == "xgboost"
    assert told.endswith(reason)
    matrix = np.zeros((3, 4), dtype=np.float32)
    wanted = booster.predict(xgboost.DMatrix(matrix))
    np.testing.assert_allclose(scorer.score(matrix), wanted, rtol=1e-6)


def categorical() -> xgboost.Booster:
    generator = np.random.default_rng(1)
    matrix = generator.integers(0, 5, size=(200, 2)).astype(np.float32)
    data = xgboost.DMatrix(
        matrix,
        np.isin(matrix[:, 0], (1, 3)).astype(int),
        feature_types=["c", "float"],
        enable_categorical=True,
    )
    return xgboost.train({"objective": "binary:logistic", "max_cat_to_onehot": 1, "nthread": 1}, data, 5)


def test_categorical_splits_are_scored_by_xgboost() -> None:
    scorer, reason = choose_scorer(categorical())
    assert (scorer.name, reason) == ("xgboost", "daal4py does not know categorical features")
    positive, negative = scorer.score(np.array([[1, 0], [2, 0]], dtype=np.float32))
    assert positive > 0.6 > 0.4 > negative


@pytest.mark.parametrize("category", [-1, 0.5, 7, 1e10, 3e38, -3e38, np.nan])
def test_a_category_that_training_has_not_seen_is_scored(category: float) -> None:
    scorer, _ = choose_scorer(categorical())
    (score,) = scorer.score(np.array([[category, 0]], dtype=np.float32))
    assert 0 < score < 1


def test_several_targets_are_scored_by_xgboost() -> None:
    matrix = np.random.default_rng(1).normal(size=(100, 3)).astype(np.float32)
    data = xgboost.DMatrix(matrix, matrix[:, :2])
    booster = xgboost.train({"objective": "reg:squarederror", "nthread": 1}, data, 3)
    scorer, reason = choose_scorer(booster)
    assert scorer.name == "xgboost"
    assert "Multi-target" in reason
    assert scorer.score(matrix[:5]).shape == (5, 2)


def test_contributions_add_up_to_the_margin() -> None:
    booster = train("binary:logistic")
    probe = make_probe(booster)
    contributions = XGBoostScorer(booster).contributions(probe)
    margins = booster.predict(xgboost.DMatrix(probe), output_margin=True)
    np.testing.assert_allclose(contributions.sum(axis=1), margins, atol=1e-4)
