"""A fitted candidate and held-out rows in, its model insights and its explanation, as Autopilot writes them, out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from .candidate_models import Fitted, Learning, Values
from .tables import Encoding, Matrix

INSIGHTS_FILE, EXPLANATION_FILE = "statistics.json", "analysis.json"
EXPLAINED_ROWS, ORDERS = 100, 10
NO_DEVIATION = "NaN"
"""Standard deviations take several splits; there is one here."""


def write_reports(
    folder: Path,
    fitted: Fitted,
    encoding: Encoding,
    learning: Learning,
    held_out: Learning,
    positive: int | None,
) -> None:
    """Write both files into a folder."""
    folder.mkdir(parents=True)
    predicted = fitted.predict(held_out.matrix)
    insights = {
        "version": 0.0,
        "dataset": {"item_count": len(held_out.targets), "evaluation_time": datetime.now(UTC).isoformat()},
        **_insights(held_out, predicted, positive),
    }
    (folder / INSIGHTS_FILE).write_text(json.dumps(insights))
    values, expected = contributions(fitted, encoding, learning.matrix, held_out.matrix)
    if positive is not None:
        # Of two classes one is explained; the other is its mirror.
        values, expected = values[[positive]], expected[[positive]]
    labels = {
        f"label{place}": {
            "global_shap_values": {
                column.name: float(value) for column, value in zip(encoding.columns, of_label, strict=True)
            },
            "expected_value": float(usual),
        }
        for place, (of_label, usual) in enumerate(zip(values, expected, strict=True))
    }
    explanation = {"version": "1.0", "explanations": {"kernel_shap": labels}}
    (folder / EXPLANATION_FILE).write_text(json.dumps(explanation))


def contributions(fitted: Fitted, encoding: Encoding, usual: Matrix, rows: Matrix) -> tuple[Values, Values]:
    """Return each column's mean absolute Shapley value for each output, and the outputs' means over usual rows.

    They are sampled: columns are taken over from a row one after another, in several random orders, into usual rows,
    and what the prediction changes by is the column's.
    """
    generator = np.random.default_rng(1)
    explained = rows[generator.permutation(len(rows))[:EXPLAINED_ROWS]]
    groups = column_groups(encoding)
    total = np.zeros((len(explained), len(groups), fitted.predict(explained[:1]).shape[1]))
    for _ in range(ORDERS):
        order = generator.permutation(len(groups))
        mixed = usual[generator.integers(len(usual), size=len(explained))].copy()
        before = fitted.predict(mixed)
        for place in order:
            mixed[:, groups[place]] = explained[:, groups[place]]
            after = fitted.predict(mixed)
            total[:, place] += after - before
            before = after
    mean: Values = np.abs(total / ORDERS).mean(axis=0).T
    expected: Values = fitted.predict(usual).mean(axis=0)
    return mean, expected


def column_groups(encoding: Encoding) -> list[slice]:
    """Return where each column's numbers are in the matrix."""
    ends = np.cumsum([1 if column.levels is None else len(column.levels) for column in encoding.columns])
    return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _insights(held_out: Learning, predicted: Values, positive: int | None) -> dict[str, Any]:
    truth = held_out.targets
    if not held_out.classes:
        mse = float(metrics.mean_squared_error(truth, predicted[:, 0]))
        found = {
            "mae": float(metrics.mean_absolute_error(truth, predicted[:, 0])),
            "mse": mse,
            "rmse": mse**0.5,
            "r2": float(metrics.r2_score(truth, predicted[:, 0])),
        }
        return {"regression_metrics": _valued(found)}
    chosen, labels = predicted.argmax(axis=1), list(range(held_out.classes))
    matrix = metrics.confusion_matrix(truth, chosen, labels=labels)
    confusion = {str(true): {str(said): int(matrix[true, said]) for said in labels} for true in labels}
    if positive is None:
        return {
            "multiclass_classification_metrics": {
                "confusion_matrix": confusion,
                **_valued(_ratios(truth, chosen, labels, "weighted", "weighted_")),
            }
        }
    found = _ratios(truth == positive, chosen == positive, [1], "binary", "")
    document: dict[str, Any] = {"confusion_matrix": confusion}
    if len(np.unique(truth)) == 2:
        score = predicted[:, positive]
        found["auc"] = float(metrics.roc_auc_score(truth == positive, score))
        false, true, _ = metrics.roc_curve(truth == positive, score)
        document["receiver_operating_characteristic_curve"] = {
            "false_positive_rates": false.tolist(),
            "true_positive_rates": true.tolist(),
        }
    return {"binary_classification_metrics": {**document, **_valued(found)}}


def _ratios(truth: Any, chosen: Any, labels: Sequence[int], average: str, prefix: str) -> dict[str, float]:
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, chosen, labels=None if average == "binary" else labels, average=average, zero_division=0.0
    )
    return {
        "accuracy": float(metrics.accuracy_score(truth, chosen)),
        f"{prefix}precision": float(precision),
        f"{prefix}recall": float(recall),
        f"{prefix}f1": float(f1),
    }


def _valued(found: dict[str, float]) -> dict[str, dict[str, Any]]:
    return {name: {"value": value, "standard_deviation": NO_DEVIATION} for name, value in found.items()}
