"""Labels and scores in, SageMaker's model-quality document out; `evaluate` writes it, the registry shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DECIMALS = 6


def measure(truth: Sequence[bool], scores: Sequence[float], threshold: float) -> dict[str, Any]:
    """Return the document ``evaluation.json``.

    Parameters
    ----------
    truth
        Whether a message is a complaint.
    scores
        How sure the model is that it is one.
    threshold
        From which score on the model says so.
    """
    said = [score >= threshold for score in scores]
    pairs = list(zip(truth, said, strict=True))
    true_positive, false_negative = pairs.count((True, True)), pairs.count((True, False))
    false_positive, true_negative = pairs.count((False, True)), pairs.count((False, False))
    precision = _ratio(true_positive, true_positive + false_positive)
    recall = _ratio(true_positive, true_positive + false_negative)
    single = {
        "accuracy": _ratio(true_positive + true_negative, len(pairs)),
        "auc": area_under_curve(truth, scores),
        "f1": _ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative),
        "precision": precision,
        "recall": recall,
    }
    return {
        "binary_classification_metrics": {
            **{
                name: {"value": round(value, DECIMALS), "standard_deviation": "NaN"}
                for name, value in single.items()
            },
            "confusion_matrix": {
                "0": {"0": true_negative, "1": false_positive},
                "1": {"0": false_negative, "1": true_positive},
            },
        },
        "messages": {"all": len(pairs), "complaints": sum(truth)},
        "threshold": str(threshold),
    }


def area_under_curve(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """Return how likely a complaint scores above another message; equal scores count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(order)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    complaints = sum(truth)
    above = (
        sum(rank for rank, true in zip(ranks, truth, strict=True) if true) - complaints * (complaints + 1) / 2
    )
    return _ratio(above, complaints * (len(truth) - complaints))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
