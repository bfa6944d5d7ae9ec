"""A loaded model with its way of scoring: tables or matrices in, scores, labels and contributions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

import numpy as np

from xgboost_daal4py.errors import PlatformError
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.model_files import Model, load_model, read_learner
from xgboost_daal4py.records import Table, Value
from xgboost_daal4py.scorers import TOLERANCE, Scores, XGBoostScorer, choose_scorer

__all__ = ["TOLERANCE", "Prediction", "Predictor", "Scores", "Task"]


class Task(Enum):
    """What a score means."""

    BINARY = "binary"
    """The probability of the positive class, or its margin; labelled by a threshold."""
    MULTICLASS = "multiclass"
    """A probability per class; the likeliest class is the label."""
    VALUE = "value"
    """A regression's value, a rank, one value per target: there is no label."""


@dataclass(frozen=True)
class Prediction:
    """The answer to one record."""

    score: float
    label: str


class Predictor:
    """Scores records with a model; safe to share between threads.

    Parameters
    ----------
    model
        The model, which must not be changed any more.
    threshold
        What labels a score positive, if not the model's own threshold.
    """

    def __init__(self, model: Model, threshold: float | None = None) -> None:
        self.transform = model.transform
        self.info = model.info
        self.threshold = model.info.threshold if threshold is None else threshold
        self.objective = read_learner(model.booster).objective
        self._reference = XGBoostScorer(model.booster)
        self._scorer, self.fallback_reason = choose_scorer(model.booster)
        self._probe = _probe_table(self)
        self._expected = self._reference.score(self.transform.transform(self._probe))
        self.task = _task_of(self.objective)
        self.check()

    @classmethod
    def load(cls, folder: Path, threshold: float | None = None) -> Predictor:
        """Load, check and convert the model in ``folder``."""
        return cls(load_model(folder), threshold)

    def facts(self) -> dict[str, str]:
        """Return what a log should say about this model: what scores it, and why that is not oneDAL if so."""
        facts = {"engine": self._scorer.name, "objective": self.objective}
        return facts | ({"reason": self.fallback_reason} if self.fallback_reason else {})

    @cached_property
    def labels(self) -> Sequence[str]:
        """The class names in the order of the classes; empty where there are none."""
        if self.task is Task.BINARY:
            return (self.info.negative_label, self.info.positive_label)
        if self.task is Task.VALUE:
            return ()
        return tuple(self.info.labels) or tuple(str(number) for number in range(self._expected.shape[1]))

    def score_table(self, table: Table) -> Scores:
        """Return the scores of every record of a checked table."""
        return self.score_matrix(self.transform.transform(table))

    def score_matrix(self, matrix: Matrix) -> Scores:
        """Return the scores of every row of processed features: the positive class's probability if binary."""
        return self._scorer.score(matrix)

    def contributions(self, matrix: Matrix) -> Scores:
        """Return what every feature adds to a row's margin (SHAP), the bias last."""
        return self._reference.contributions(matrix)

    def label(self, scores: Scores) -> list[Prediction]:
        """Apply the threshold of a binary model."""
        negative, positive = self.labels
        threshold = self.threshold
        return [Prediction(score, positive if score >= threshold else negative) for score in scores.tolist()]

    def check(self) -> None:
        """Predict a built-in record and compare the score with XGBoost's own.

        Raises
        ------
        PlatformError
            When they differ: this process must not answer.
        """
        scores = self.score_table(self._probe)
        if not np.allclose(scores, self._expected, rtol=TOLERANCE, atol=TOLERANCE):
            raise PlatformError(
                f"the built-in record scored {scores.tolist()[0]} instead of {self._expected.tolist()[0]}"
            )


def _task_of(objective: str) -> Task:
    if objective.startswith("binary:"):
        return Task.BINARY
    return Task.MULTICLASS if objective.startswith("multi:") else Task.VALUE


def _probe_table(predictor: Predictor) -> Table:
    """Make a record that fits any schema: zeros, and for a category its first known value."""
    categories = predictor.transform.categories
    table: Table = {}
    for column in predictor.transform.schema.required:
        value: Value = 0.0 if column.kind == "number" else next(iter(categories[column.name]), None)
        table[column.name] = [value]
    return table
