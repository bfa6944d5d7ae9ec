"""Processing job: the model and houses with their prices in; its errors, and golden records for staging, out."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from xgboost_daal4py.model_files import extract_model, load_model
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.processing import run_processing_job
from xgboost_daal4py.settings import Settings

GOLDEN_RECORDS = 20


def main() -> int:
    """Run the job as SageMaker Processing starts it; returns the exit code."""
    root = Settings.from_environment().ml_root
    inputs = root / "processing" / "input"
    target = root / "processing" / "output" / "evaluation"
    return run_processing_job(lambda: judge(inputs / "model" / "model.tar.gz", inputs / "test", target), root)


def judge(archive: Path, source: Path, target: Path) -> None:
    """Hold the model's prices against the true ones and write evaluation.json and golden.jsonl."""
    with tempfile.TemporaryDirectory() as folder:
        extract_model(archive, Path(folder))
        predictor = Predictor(load_model(Path(folder)))
    houses = np.vstack([np.loadtxt(path, delimiter=",", ndmin=2) for path in sorted(source.iterdir())])
    features = np.ascontiguousarray(houses[:, 1:])
    prices = predictor.score_matrix(features.astype(np.float32)).astype(np.float64)
    error = float(np.abs(prices - houses[:, 0]).mean())
    target.mkdir(parents=True, exist_ok=True)
    report = {"regression_metrics": {"mae": {"value": error}}}
    (target / "evaluation.json").write_text(json.dumps(report) + "\n")
    # A record as callers of the REST API send it: the data has no header, so that its columns are f0, f1 and f2.
    names = predictor.transform.names
    golden = [
        {"record": dict(zip(names, house, strict=True)), "score": price}
        for house, price in zip(features.tolist(), prices.tolist(), strict=True)
    ]
    (target / "golden.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in golden[:GOLDEN_RECORDS]))
    print(json.dumps({"event": "prices judged", "mean_absolute_error": round(error)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
