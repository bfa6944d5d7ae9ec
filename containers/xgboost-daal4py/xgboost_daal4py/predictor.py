"""A loaded model, converted to oneDAL once: tables or matrices in, scores and labels out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import daal4py.mb
import numpy as np
import numpy.typing as npt

from xgboost_daal4py.errors import PlatformError
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.model_files import Model, load_model
from xgboost_daal4py.records import Table, Value

Scores: TypeAlias = npt.NDArray[np.floating]
TOLERANCE = 1e-5
"""How far the converted model may be from XGBoost's own answer."""


@dataclass(frozen=True)
class Prediction:
    """The answer to one record."""

    score: float
    label: str


class Predictor:
    """Scores records with a model; safe to share between threads."""

    def __init__(self, model: Model) -> None:
        self.transform = model.transform
        self.info = model.info
        self._converted = daal4py.mb.convert_model(model.booster)
        self._probe = _probe_table(self)
        self._expected = float(model.booster.inplace_predict(self.transform.transform(self._probe))[0])
        self.check()

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Load, check and convert the model in ``folder``."""
        return cls(load_model(folder))

    def score_table(self, table: Table) -> Scores:
        """Return the probability of the positive class for every record of a checked table."""
        return self.score_matrix(self.transform.transform(table))

    def score_matrix(self, matrix: Matrix) -> Scores:
        """Return the probability of the positive class for every row of processed features."""
        scores: Scores = self._converted.predict_proba(matrix)[:, 1]
        return scores

    def label(self, scores: Scores) -> list[Prediction]:
        """Apply the model's threshold."""
        info = self.info
        return [
            Prediction(score, info.positive_label if score >= info.threshold else info.negative_label)
            for score in scores.tolist()
        ]

    def check(self) -> None:
        """Predict a built-in record and compare the score with XGBoost's own.

        Raises
        ------
        PlatformError
            When they differ: this process must not answer.
        """
        score = float(self.score_table(self._probe)[0])
        if not abs(score - self._expected) <= TOLERANCE:
            raise PlatformError(f"the built-in record scored {score} instead of {self._expected}")


def _probe_table(predictor: Predictor) -> Table:
    """Make a record that fits any schema: zeros, and for a category its first known value."""
    categories = predictor.transform.categories
    table: Table = {}
    for column in predictor.transform.schema.required:
        value: Value = 0.0 if column.kind == "number" else next(iter(categories[column.name]), None)
        table[column.name] = [value]
    return table
