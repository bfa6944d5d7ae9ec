"""Processing job: a trained model and the test set in; metrics, report and golden records out (to the condition)."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from churn.metrics import measure
from churn.report import render
from xgboost_daal4py.errors import PlatformError, UserError
from xgboost_daal4py.matrix import parse_matrix
from xgboost_daal4py.model_files import Model, extract_model, load_model
from xgboost_daal4py.predictor import TOLERANCE, Predictor
from xgboost_daal4py.processing import run_processing_job
from xgboost_daal4py.records import check_records
from xgboost_daal4py.settings import Settings

GOLDEN_RECORDS = 20


@dataclass(frozen=True)
class TestSet:
    """What the model has never seen: raw records, and what became of the customers."""

    records: Sequence[dict[str, Any]]
    labels: npt.NDArray[np.float64]


def main() -> int:
    """Run the job as SageMaker Processing starts it; returns the exit code."""
    root = Settings.from_environment().ml_root
    inputs = root / "processing" / "input"
    return run_processing_job(
        lambda: evaluate(
            inputs / "model" / "model.tar.gz", inputs / "test", root / "processing" / "output" / "evaluation"
        ),
        root,
    )


def evaluate(archive: Path, source: Path, target: Path) -> None:
    """Score the test set as the endpoint will and write evaluation.json, report.html and golden.jsonl."""
    model = _open_model(archive)
    predictor = Predictor(model)
    test = _read_test_set(source / "records.jsonl")
    scores = predictor.score_table(check_records(test.records, predictor.transform.schema)).astype(np.float64)
    _check_processed(predictor, source / "test.csv", scores)
    evaluation = measure(test.labels, scores, model.info.threshold)
    importance = dict(zip(predictor.transform.names, _importance(model), strict=True))
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "evaluation.json", json.dumps(evaluation, indent=1) + "\n")
    _write(target / "report.html", render(evaluation, importance, model.info))
    _write(target / "golden.jsonl", _format_golden(test, scores))
    metrics = evaluation["binary_classification_metrics"]
    summary = {
        name: round(metrics[name]["value"], 4) for name in ("auc", "average_precision", "log_loss", "f1")
    }
    print(json.dumps({"event": "model evaluated", **summary, "threshold": model.info.threshold}), flush=True)


def _open_model(archive: Path) -> Model:
    if not archive.is_file():
        raise UserError(f"there is no model archive {archive.name}")
    with tempfile.TemporaryDirectory() as folder:
        extract_model(archive, Path(folder))
        return load_model(Path(folder))


def _read_test_set(path: Path) -> TestSet:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return TestSet(
        [line["record"] for line in lines], np.array([line["label"] for line in lines], dtype=np.float64)
    )


def _check_processed(predictor: Predictor, path: Path, scores: npt.NDArray[np.float64]) -> None:
    """Refuse a model whose raw and processed inputs lead to different scores: training and serving would differ."""
    with path.open(encoding="utf-8") as lines:
        matrix = parse_matrix(lines, ("label", *predictor.transform.names))
    difference = float(np.abs(predictor.score_matrix(np.ascontiguousarray(matrix[:, 1:])) - scores).max())
    if not difference <= TOLERANCE:
        raise PlatformError(
            f"raw records and processed features of the test set score differently, by {difference}"
        )


def _importance(model: Model) -> list[float]:
    gains = model.booster.get_score(importance_type="total_gain")
    return [cast(float, gains.get(name, 0.0)) for name in model.booster.feature_names or ()]


def _format_golden(test: TestSet, scores: npt.NDArray[np.float64]) -> str:
    """Choose records over the whole range of scores, so that a model that answers a constant is found out."""
    count = min(GOLDEN_RECORDS, len(scores))
    chosen = np.argsort(scores, kind="stable")[np.linspace(0, len(scores) - 1, count).round().astype(int)]
    lines = [
        json.dumps({"record": test.records[row], "score": scores[row]}, ensure_ascii=False)
        for row in chosen.tolist()
    ]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
