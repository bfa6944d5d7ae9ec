"""Labels and scores in, SageMaker's model-quality document out; `evaluate` writes it, the registry shows it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn import metrics

Numbers: TypeAlias = npt.NDArray[np.float64]
CALIBRATION_BINS = 10
DECIMALS = 6
MOST_POINTS = 200
"""Curves are thinned to this many points: the document is read by the pipeline, which takes no more than 2 MB."""


def measure(labels: Numbers, scores: Numbers, threshold: float) -> dict[str, Any]:
    """Return the document ``evaluation.json``.

    Parameters
    ----------
    labels
        1 for churned, 0 for stayed.
    scores
        Probabilities of churn for the same customers.
    threshold
        From which score on the model says churn; chosen in training, on the validation set.
    """
    predicted = (scores >= threshold).astype(int)
    (true_negative, false_positive), (false_negative, true_positive) = metrics.confusion_matrix(
        labels, predicted, labels=[0, 1]
    ).tolist()
    single = {
        "auc": metrics.roc_auc_score(labels, scores),
        "average_precision": metrics.average_precision_score(labels, scores),
        "log_loss": metrics.log_loss(labels, scores),
        "brier_score": metrics.brier_score_loss(labels, scores),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "precision": metrics.precision_score(labels, predicted, zero_division=0.0),
        "recall": metrics.recall_score(labels, predicted, zero_division=0.0),
        "f1": metrics.f1_score(labels, predicted, zero_division=0.0),
        "true_positive_rate": true_positive / (true_positive + false_negative),
        "true_negative_rate": true_negative / (true_negative + false_positive),
        "false_positive_rate": false_positive / (true_negative + false_positive),
        "false_negative_rate": false_negative / (true_positive + false_negative),
    }
    return {
        "binary_classification_metrics": {
            **{
                name: {"value": round(float(value), DECIMALS), "standard_deviation": "NaN"}
                for name, value in single.items()
            },
            "confusion_matrix": {
                "0": {"0": true_negative, "1": false_positive},
                "1": {"0": false_negative, "1": true_positive},
            },
            **_curves(labels, scores),
        },
        "calibration": _calibration(labels, scores),
        "threshold": str(threshold),
        "customers": {"all": len(labels), "churned": int(labels.sum())},
    }


def _curves(labels: Numbers, scores: Numbers) -> dict[str, dict[str, list[float]]]:
    false_positive_rates, true_positive_rates, _ = metrics.roc_curve(labels, scores)
    precisions, recalls, _ = metrics.precision_recall_curve(labels, scores)
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": _thin(false_positive_rates),
            "true_positive_rates": _thin(true_positive_rates),
        },
        "precision_recall_curve": {"precisions": _thin(precisions), "recalls": _thin(recalls)},
    }


def _calibration(labels: Numbers, scores: Numbers) -> list[dict[str, float]]:
    """Compare predicted with observed churn in bins of equal width; empty bins are left out."""
    bins = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        {
            "customers": int((bins == place).sum()),
            "predicted": float(scores[bins == place].mean()),
            "observed": float(labels[bins == place].mean()),
        }
        for place in np.unique(bins)
    ]


def _thin(points: Numbers) -> list[float]:
    count = min(len(points), MOST_POINTS)
    chosen: list[float] = points[np.linspace(0, len(points) - 1, count).round().astype(int)].tolist()
    return chosen
