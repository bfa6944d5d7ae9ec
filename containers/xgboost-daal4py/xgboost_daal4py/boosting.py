"""Two channels and hyperparameters in, a trained booster and what it measures out: the rounds of one training."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from xgboost_daal4py.channels import Channel
from xgboost_daal4py.checkpoints import Checkpoints, Progress
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.hosts import add_up, find_most, is_lost_host
from xgboost_daal4py.hyperparameters import BINARY, MAXIMISED, Hyperparameters
from xgboost_daal4py.matrices import MatrixMaker
from xgboost_daal4py.scorers import last_line

LINES_OF_PROGRESS = 10
MEASURING_SHARE = 0.02
"""Of the time of a training, what lines of progress may take; there are fewer where metrics are dear."""
MEASURING_SECONDS = 0.05
"""What they may always take."""
ROWS_PER_THREAD = 20_000
"""On fewer rows a further thread costs more than it gives."""
DEFAULT_METRICS: Mapping[str, list[str]] = {BINARY[0]: ["logloss", "auc"]}
"""By objective; the others have the one that XGBoost gives them."""


@dataclass(frozen=True)
class Trained:
    """A booster, cut back to its best round, and what it is worth."""

    booster: xgboost.Booster
    measured_on: str
    metrics: Mapping[str, float]
    """Of the data that it was measured on, at its last round."""
    rounds: int
    scores: npt.NDArray[np.float32]
    """Predictions for the rows that it was measured on."""


def fit_booster(
    hyperparameters: Hyperparameters,
    training: Channel,
    validation: Channel | None = None,
    *,
    tell: Callable[[str], None] | None = None,
    checkpoints: Checkpoints | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train a booster and measure it.

    Parameters
    ----------
    hyperparameters
        What the job was told.
    training
        What it learns from.
    validation
        What it is measured on and does not learn from; without it, the training data.
    tell
        Takes a line of metrics now and then.
    checkpoints
        Where to go on from, and to leave the state on the way.
    is_stopped
        Whether to end early; asked after every round.

    Raises
    ------
    UserError
        When XGBoost refuses the data or the hyperparameters.
    """
    weights = choose_weights(hyperparameters, training)
    parameters = _complete(hyperparameters, find_most(len(training)))
    try:
        with MatrixMaker(parameters, weights) as maker:
            # In a function of its own: its matrices must be gone before what they keep on disk.
            return _train(
                maker, hyperparameters, parameters, training, validation, tell, checkpoints, is_stopped
            )
    except xgboost.core.XGBoostError as error:
        if is_lost_host(error):
            raise
        raise UserError(f"XGBoost refuses the data or the hyperparameters: {last_line(error)}") from error


def choose_weights(hyperparameters: Hyperparameters, training: Channel) -> Mapping[int, float]:
    """Return the classes' weights: what the job was told, or, balanced, such that all classes weigh the same."""
    told = hyperparameters.class_weights
    if told != "balanced":
        return told or {}
    counts = np.bincount(training.labels.astype(np.intp), minlength=hyperparameters.classes).astype(
        np.float64
    )
    counts = add_up(counts)
    shares = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return dict(enumerate(shares.tolist()))


def _train(
    maker: MatrixMaker,
    hyperparameters: Hyperparameters,
    parameters: Mapping[str, Any],
    training: Channel,
    validation: Channel | None,
    tell: Callable[[str], None] | None,
    checkpoints: Checkpoints | None,
    is_stopped: Callable[[], bool],
) -> Trained:
    budget = _Budget()
    trained = maker.for_training(training)
    measured = maker.for_measuring(validation, trained) if validation else trained
    name = "validation" if validation else "train"
    rounds = _Rounds(hyperparameters, parameters, trained, (measured, name), tell, budget)
    rounds.run(checkpoints, is_stopped)
    return rounds.finish()


class _Budget:
    """What measuring rounds may take that nobody but a reader of the log asks for."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._spent = 0.0

    @property
    def exceeded(self) -> bool:
        trained = time.monotonic() - self._started
        return self._spent > MEASURING_SECONDS + MEASURING_SHARE * trained

    @contextmanager
    def spend(self) -> Iterator[None]:
        before = time.monotonic()
        yield
        self._spent += time.monotonic() - before


class _Rounds:
    """The state of a training, round by round."""

    def __init__(
        self,
        hyperparameters: Hyperparameters,
        parameters: Mapping[str, Any],
        trained: xgboost.DMatrix,
        measured: tuple[xgboost.DMatrix, str],
        tell: Callable[[str], None] | None,
        budget: _Budget,
    ) -> None:
        self._hyperparameters = hyperparameters
        self._parameters = parameters
        self._trained = trained
        self._measured = measured
        self._tell = tell
        self._budget = budget
        self._progress = Progress(xgboost.Booster(parameters, [trained, measured[0]]), {})
        self._period = max(1, hyperparameters.num_round // LINES_OF_PROGRESS)

    def run(self, checkpoints: Checkpoints | None, is_stopped: Callable[[], bool]) -> None:
        saved = checkpoints.load() if checkpoints else None
        if saved:
            matrices = [self._trained, self._measured[0]]
            # Else it would draw the same rows and columns as in its first rounds.
            parameters = {**self._parameters, "seed_per_iteration": True}
            booster = xgboost.Booster(parameters, matrices, model_file=saved.booster.save_raw("ubj"))
            self._progress = Progress(booster, saved.history)
        for number in range(self._done, self._hyperparameters.num_round):
            if self._is_stagnant():
                break
            self._progress.booster.update(self._trained, number)
            self._measure(number)
            stopped = bool(find_most(is_stopped()))
            if checkpoints:
                (checkpoints.save if stopped else checkpoints.save_if_due)(self._progress)
            if stopped:
                break

    def finish(self) -> Trained:
        """Cut the booster back to its best round and measure it a last time."""
        best = self._best_round()
        booster = self._progress.booster
        if best + 1 < self._done:
            booster = booster[: best + 1]
        matrix, name = self._measured
        if best not in self._progress.history:
            self._evaluate(best)
        metrics = self._progress.history[best]
        if self._tell:
            self._tell(format_metrics(str(best), name, metrics))
        return Trained(
            booster,
            name,
            metrics,
            best + 1,
            booster.predict(matrix),
        )

    @property
    def _done(self) -> int:
        return int(self._progress.booster.num_boosted_rounds())

    def _measure(self, number: int) -> None:
        """Measure a round if somebody wants to know."""
        told = number % self._period == 0 or number + 1 == self._hyperparameters.num_round
        if not self._hyperparameters.early_stopping_rounds and not (told and self._is_affordable(number)):
            return
        with self._budget.spend():
            self._evaluate(number)
        if told and self._tell:
            self._tell(format_metrics(str(number), self._measured[1], self._progress.history[number]))

    def _is_affordable(self, number: int) -> bool:
        if number + 1 == self._hyperparameters.num_round:
            return True
        # All hosts measure a round, or none.
        return not find_most(self._budget.exceeded)

    def _evaluate(self, number: int) -> None:
        text = self._progress.booster.eval_set([self._measured], number)
        values = (item.partition(":") for item in text.split("\t")[1:])
        self._progress.history[number] = {
            metric.partition("-")[2]: float(value) for metric, _, value in values
        }

    def _is_stagnant(self) -> bool:
        patience = self._hyperparameters.early_stopping_rounds
        return bool(patience) and self._done > self._best_round() + patience

    def _best_round(self) -> int:
        """Return the round with the best last metric; the last round when there is no early stopping."""
        history = self._progress.history
        if not self._hyperparameters.early_stopping_rounds or not history:
            return self._done - 1
        metric = list(next(iter(history.values())))[-1]
        sign = -1 if metric.partition("@")[0] in MAXIMISED else 1
        return min(history, key=lambda number: (_or_worst(sign * history[number][metric]), number))


def _or_worst(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _complete(hyperparameters: Hyperparameters, rows: int) -> dict[str, Any]:
    """Add what this trainer decides to what the job was told."""
    objective = hyperparameters.objective
    metrics = {"eval_metric": DEFAULT_METRICS[objective]} if objective in DEFAULT_METRICS else {}
    return {
        "objective": objective,
        "nthread": min(os.cpu_count() or 1, 1 + rows // ROWS_PER_THREAD),
        **metrics,
        **hyperparameters.booster,
    }


def format_metrics(place: str, name: str, metrics: Mapping[str, float]) -> str:
    """Write metrics as XGBoost does, and as SageMaker's metric definitions expect them."""
    return "\t".join([f"[{place}]", *(f"{name}-{metric}:{value:.5f}" for metric, value in metrics.items())])
