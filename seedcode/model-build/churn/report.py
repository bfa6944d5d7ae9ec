"""The evaluation document in, one HTML page with its charts out: what the approver reads before approving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import pygal
from pygal.style import CleanStyle

from xgboost_daal4py.model_files import ModelInfo

TEMPLATE = Path(__file__).with_name("report.html")
SHOWN_FEATURES = 12
HEADLINES = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier_score": "Brier score",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "accuracy": "Accuracy",
}
Points = Iterable[tuple[float, float]]


def render(evaluation: Mapping[str, Any], importance: Mapping[str, float], info: ModelInfo) -> str:
    """Return the page; it needs nothing from anywhere else.

    Parameters
    ----------
    evaluation
        As `metrics.measure` returns it.
    importance
        Total gain by feature.
    info
        Threshold, label names and provenance of the model.
    """
    metrics = evaluation["binary_classification_metrics"]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        customers=evaluation["customers"]["all"],
        churned=evaluation["customers"]["churned"],
        threshold=f"{info.threshold:.4f}",
        metrics=_rows((title, f"{metrics[name]['value']:.4f}") for name, title in HEADLINES.items()),
        confusion=_confusion(metrics["confusion_matrix"]),
        roc=_roc(metrics["receiver_operating_characteristic_curve"]),
        precision_recall=_precision_recall(metrics["precision_recall_curve"]),
        calibration=_calibration(evaluation["calibration"]),
        importance=_importance(importance),
        provenance=_rows((name, str(value)) for name, value in info.provenance.items()),
    )


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in pairs)


def _confusion(matrix: Mapping[str, Mapping[str, int]]) -> str:
    return "\n".join(
        f"<tr><th>{name}</th><td>{matrix[actual]['0']}</td><td>{matrix[actual]['1']}</td></tr>"
        for actual, name in (("0", "stayed"), ("1", "churned"))
    )


def _roc(curve: Mapping[str, list[float]]) -> str:
    points = zip(curve["false_positive_rates"], curve["true_positive_rates"], strict=True)
    return _curve(
        "ROC", "False positive rate", "True positive rate", {"model": points, "chance": [(0, 0), (1, 1)]}
    )


def _precision_recall(curve: Mapping[str, list[float]]) -> str:
    points = zip(curve["recalls"], curve["precisions"], strict=True)
    return _curve("Precision and recall", "Recall", "Precision", {"model": points})


def _calibration(bins: Iterable[Mapping[str, float]]) -> str:
    points = ((entry["predicted"], entry["observed"]) for entry in bins)
    series: dict[str, Points] = {"model": points, "perfect": [(0, 0), (1, 1)]}
    return _curve("Calibration", "Predicted churn", "Observed churn", series, show_dots=True)


def _curve(
    title: str, x_title: str, y_title: str, series: Mapping[str, Points], show_dots: bool = False
) -> str:
    chart = pygal.XY(
        title=title,
        x_title=x_title,
        y_title=y_title,
        show_dots=show_dots,
        range=(0, 1),
        xrange=(0, 1),
        **_LOOKS,
    )
    for name, points in series.items():
        chart.add(name, list(points))
    return _svg(chart)


def _importance(importance: Mapping[str, float]) -> str:
    ranked = sorted(importance.items(), key=lambda item: item[1], reverse=True)[:SHOWN_FEATURES]
    total = sum(importance.values()) or 1.0
    chart = pygal.HorizontalBar(title="Feature importance (share of gain)", show_legend=False, **_LOOKS)
    chart.x_labels = [name for name, _ in reversed(ranked)]
    chart.add("gain", [gain / total for _, gain in reversed(ranked)])
    return _svg(chart)


def _svg(chart: Any) -> str:
    picture: str = chart.render(is_unicode=True)
    return picture


_LOOKS: Mapping[str, Any] = {
    "style": CleanStyle,
    "js": [],
    "disable_xml_declaration": True,
    "width": 560,
    "height": 420,
    "legend_at_bottom": True,
}
