"""Data as .npy named on the command line, in; the seconds of bare XGBoost and of this container out, as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping

import numpy as np
import xgboost

from xgboost_daal4py.boosting import fit_booster
from xgboost_daal4py.channels import Channel
from xgboost_daal4py.hyperparameters import Hyperparameters


def main() -> None:
    """Train in turn with both, so that the machine's moods fall on both, and print the best time of each."""
    path, rounds, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rows = np.load(path)
    features, labels = np.ascontiguousarray(rows[:, 1:]), rows[:, 0].copy()
    given = {"num_round": rounds, "max_depth": "6", "nthread": "2"}
    seconds: dict[str, list[float]] = {"bare": [], "bare, measured": [], "container": []}
    for _ in range(repeats):
        seconds["bare"].append(_train_bare(features, labels, given, measured=False))
        seconds["container"].append(_train_here(features, labels, given))
        seconds["bare, measured"].append(_train_bare(features, labels, given, measured=True))
    print(json.dumps({name: min(values) for name, values in seconds.items()}))


def _train_bare(
    features: np.ndarray, labels: np.ndarray, given: Mapping[str, str], *, measured: bool
) -> float:
    """Train by `xgboost.train` alone, or with the metrics that this container has, after every round."""
    started = time.perf_counter()
    matrix = xgboost.QuantileDMatrix(features, labels, nthread=2)
    parameters = {"objective": "binary:logistic", "max_depth": 6, "nthread": 2}
    if measured:
        parameters["eval_metric"] = ["logloss", "auc"]
    watched = [(matrix, "train")] if measured else []
    xgboost.train(
        parameters, matrix, num_boost_round=int(given["num_round"]), evals=watched, verbose_eval=False
    )
    return time.perf_counter() - started


def _train_here(features: np.ndarray, labels: np.ndarray, given: Mapping[str, str]) -> float:
    started = time.perf_counter()
    fit_booster(Hyperparameters.parse(given), Channel.of(features, labels))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
