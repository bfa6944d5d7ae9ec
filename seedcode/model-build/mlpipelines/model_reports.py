"""The steps before a registration in, the reports that go with the model version out (to `model_requests`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlpipelines.job_parts import unless_empty
from mlpipelines.plan import Joined, PropertyReference
from mlpipelines.schema_document import MetricsStepEntry
from mlpipelines.step_index import CHECKS, WrittenStep

Outputs = Mapping[str, Mapping[str, Any]]
PLACES: Mapping[str, tuple[str, str, str]] = {
    "data_quality": ("ModelDataQuality", "Constraints", "Constraints"),
    "model_quality": ("ModelQuality", "Constraints", "Constraints"),
    "data_bias": ("Bias", "PreTrainingReport", "PreTrainingConstraints"),
    "model_bias": ("Bias", "PostTrainingReport", "PostTrainingConstraints"),
    "model_explainability": ("Explainability", "Report", "Constraints"),
}
"""Where the constraints that a check has calculated, and those that it compared with, stand in a model package."""
WITH_STATISTICS = ("data_quality", "model_quality")


def model_reports(step: WrittenStep, outputs: Outputs) -> dict[str, Any]:
    """Return the arguments ModelMetrics and DriftCheckBaselines of a registration, those that there are.

    Parameters
    ----------
    step
        The registration.
    outputs
        Where the outputs of all steps will lie.
    """
    metrics: dict[str, dict[str, Any]] = {}
    baselines: dict[str, dict[str, Any]] = {}
    for check in step.earlier:
        if isinstance(check.entry, CHECKS):
            chapter, calculated, used = PLACES[check.block_name]
            mine, compared = metrics.setdefault(chapter, {}), baselines.setdefault(chapter, {})
            mine[calculated] = _json(check, "CalculatedBaselineConstraints")
            compared[used] = _json(check, "BaselineUsedForDriftCheckConstraints")
            if check.block_name in WITH_STATISTICS:
                mine["Statistics"] = _json(check, "CalculatedBaselineStatistics")
                compared["Statistics"] = _json(check, "BaselineUsedForDriftCheckStatistics")
    report = step.latest(MetricsStepEntry)
    if report is not None:
        # What people read before they approve comes before what was calculated for the next comparison.
        metrics.setdefault("ModelQuality", {})["Statistics"] = _evaluation(report, outputs)
    return unless_empty(ModelMetrics=metrics, DriftCheckBaselines=baselines)


def _json(check: WrittenStep, fact: str) -> dict[str, Any]:
    return {"ContentType": "application/json", "S3Uri": PropertyReference(check.name, fact)}


def _evaluation(report: WrittenStep, outputs: Outputs) -> Mapping[str, Any]:
    metrics = report.block.metrics
    location = outputs[report.name][metrics.output]
    return {"ContentType": report.block.content_type, "S3Uri": Joined((location, metrics.file), "/")}
