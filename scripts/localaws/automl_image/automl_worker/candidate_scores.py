"""What a candidate predicts for held-out rows and what is true come in, its metrics by Autopilot's names go out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn import metrics

from .candidate_models import Values


def regression_scores(truth: Values, predicted: Values) -> dict[str, float]:
    """Return the metrics of values."""
    mse = float(metrics.mean_squared_error(truth, predicted))
    return {
        "MSE": mse,
        "RMSE": mse**0.5,
        "MAE": float(metrics.mean_absolute_error(truth, predicted)),
        "R2": float(metrics.r2_score(truth, predicted)),
    }


def class_scores(truth: Values, probabilities: Values, positive: int | None) -> dict[str, float]:
    """Return the metrics of classes; ``positive`` is the one that is looked for where there are two."""
    chosen = probabilities.argmax(axis=1)
    labels = list(range(probabilities.shape[1]))
    scores = {
        "Accuracy": float(metrics.accuracy_score(truth, chosen)),
        "BalancedAccuracy": float(metrics.recall_score(truth, chosen, average="macro", zero_division=0.0)),
        "LogLoss": float(metrics.log_loss(truth, probabilities, labels=labels)),
    }
    if positive is None:
        return scores | _averaged(truth, chosen, labels)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, chosen, pos_label=positive, average="binary", zero_division=0.0
    )
    scores |= {"Precision": float(precision), "Recall": float(recall), "F1": float(f1)}
    if len(np.unique(truth)) == 2:
        scores["AUC"] = float(metrics.roc_auc_score(truth == positive, probabilities[:, positive]))
    return scores


def _averaged(truth: Values, chosen: Values, labels: Sequence[int]) -> dict[str, float]:
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, chosen, labels=labels, average="macro", zero_division=0.0
    )
    return {"PrecisionMacro": float(precision), "RecallMacro": float(recall), "F1macro": float(f1)}
