"""Processing job: customers with the answers of a batch transform in, their metrics out (to the model registry)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sklearn.metrics import log_loss, roc_auc_score

ANSWER = "SageMakerOutput"


def main() -> None:
    """Judge the answers of all files of the transform."""
    root = Path(os.environ.get("ML_ROOT", "/opt/ml")) / "processing"
    files = sorted((root / "input" / "test").glob("*.out"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    labels = [line["label"] for line in lines]
    scores = [_score(line[ANSWER]) for line in lines]
    metrics = {"auc": roc_auc_score(labels, scores), "log_loss": log_loss(labels, scores)}
    report = {
        "binary_classification_metrics": {name: {"value": float(value)} for name, value in metrics.items()}
    }
    (root / "output" / "model_evaluation_metrics.json").write_text(json.dumps(report))
    print(json.dumps({"event": "answers judged", "customers": len(lines), **metrics}), flush=True)


def _score(answer: Any) -> float:
    return float(answer["score"] if isinstance(answer, dict) else answer)


if __name__ == "__main__":
    main()
