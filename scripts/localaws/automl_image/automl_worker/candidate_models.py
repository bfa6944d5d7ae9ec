"""An algorithm, its hyperparameters and a matrix in, a fitted model out, kept as XGBoost's file or as JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xgboost
from sklearn.linear_model import LogisticRegression, Ridge

from .tables import Matrix

Values = npt.NDArray[np.float64]
REGRESSION = "Regression"
BINARY = "BinaryClassification"
BOOSTER_FILE, LINEAR_FILE = "model.ubj", "linear.json"


class Fitted(Protocol):
    """A model that has learned."""

    def predict(self, matrix: Matrix) -> Values:
        """Return a column of probabilities for each class, or one of values."""

    def save(self, folder: Path) -> None:
        """Write it."""


@dataclass(frozen=True)
class Boosted:
    """Trees of XGBoost."""

    booster: xgboost.Booster

    def predict(self, matrix: Matrix) -> Values:
        """Return a column of probabilities for each class, or one of values."""
        found = np.asarray(self.booster.inplace_predict(matrix), dtype=np.float64)
        return _two_sided(found) if self._is_binary else found.reshape(len(matrix), -1)

    def save(self, folder: Path) -> None:
        """Write it."""
        self.booster.save_model(folder / BOOSTER_FILE)

    @property
    def _is_binary(self) -> bool:
        learner = json.loads(self.booster.save_config())["learner"]
        return str(learner["objective"]["name"]) == "binary:logistic"


@dataclass(frozen=True)
class Linear:
    """Weights of a linear model of scikit-learn."""

    weights: Values
    offsets: Values
    classifies: bool

    def predict(self, matrix: Matrix) -> Values:
        """Return a column of probabilities for each class, or one of values."""
        found = matrix @ self.weights.T + self.offsets
        if not self.classifies:
            return np.asarray(found)
        if found.shape[1] == 1:
            return _two_sided(1.0 / (1.0 + np.exp(-found[:, 0])))
        powers = np.exp(found - found.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> None:
        """Write it."""
        document = {
            "weights": self.weights.tolist(),
            "offsets": self.offsets.tolist(),
            "classifies": self.classifies,
        }
        (folder / LINEAR_FILE).write_text(json.dumps(document))


def load(folder: Path) -> Fitted:
    """Read what a model's ``save`` wrote."""
    if (folder / BOOSTER_FILE).is_file():
        return Boosted(xgboost.Booster(model_file=folder / BOOSTER_FILE))
    document = json.loads((folder / LINEAR_FILE).read_text())
    return Linear(np.array(document["weights"]), np.array(document["offsets"]), document["classifies"])


def _two_sided(positive: Values) -> Values:
    return np.stack([1.0 - positive, positive], axis=1)


@dataclass(frozen=True)
class Learning:
    """What there is to learn from: a matrix, targets (numbers of classes, or values), weights of rows."""

    matrix: Matrix
    targets: Values
    weights: Values | None
    classes: int


@dataclass(frozen=True)
class Algorithm:
    """How hyperparameters are drawn, and a model is fitted with them."""

    draw: Callable[[random.Random], dict[str, float]]
    fit: Callable[[Learning, Mapping[str, float]], Fitted]


def _draw_boosting(generator: random.Random) -> dict[str, float]:
    return {
        "num_round": generator.choice([50, 100, 200]),
        "max_depth": generator.randint(3, 8),
        "eta": round(10 ** generator.uniform(-1.5, -0.5), 4),
        "subsample": round(generator.uniform(0.6, 1.0), 3),
        "colsample_bytree": round(generator.uniform(0.5, 1.0), 3),
        "min_child_weight": generator.randint(1, 6),
    }


def _draw_forest(generator: random.Random) -> dict[str, float]:
    return {
        "num_round": 1,
        "num_parallel_tree": generator.choice([50, 100]),
        "eta": 1.0,
        "max_depth": generator.randint(6, 14),
        "subsample": round(generator.uniform(0.5, 0.9), 3),
        "colsample_bynode": round(generator.uniform(0.3, 0.9), 3),
    }


def _draw_linear(generator: random.Random) -> dict[str, float]:
    return {"l2": round(10 ** generator.uniform(-4, 2), 6)}


def _fit_trees(learning: Learning, hyperparameters: Mapping[str, float]) -> Fitted:
    values = dict(hyperparameters)
    rounds = int(values.pop("num_round"))
    objective: dict[str, Any] = {"objective": "reg:squarederror"}
    if learning.classes:
        objective = {"objective": "binary:logistic"}
    if learning.classes > 2:
        objective = {"objective": "multi:softprob", "num_class": learning.classes}
    data = xgboost.DMatrix(learning.matrix, learning.targets, weight=learning.weights)
    return Boosted(xgboost.train({**values, **objective, "seed": 1}, data, rounds))


def _fit_linear(learning: Learning, hyperparameters: Mapping[str, float]) -> Fitted:
    penalty = hyperparameters["l2"]
    if not learning.classes:
        ridge = Ridge(alpha=penalty).fit(learning.matrix, learning.targets, learning.weights)
        return Linear(ridge.coef_.reshape(1, -1), np.atleast_1d(ridge.intercept_), False)
    logistic = LogisticRegression(C=1.0 / penalty, max_iter=200, tol=1e-3)
    logistic.fit(learning.matrix, learning.targets, learning.weights)
    return Linear(logistic.coef_, logistic.intercept_, True)


ALGORITHMS: Mapping[str, Algorithm] = {
    "xgboost": Algorithm(_draw_boosting, _fit_trees),
    "linear-learner": Algorithm(_draw_linear, _fit_linear),
    "randomforest": Algorithm(_draw_forest, _fit_trees),
}
