"""Processing job: what the model answered and what is true in; metrics and golden records out (condition, staging)."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from adult.columns import COLUMNS, LABELS, NUMBERS
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.processing import run_processing_job
from xgboost_daal4py.settings import Settings

GOLDEN_RECORDS = 50
"""As many test records go along with the model; staging asks for them again."""

Row = list[str]


def main() -> int:
    """Run the job as SageMaker Processing starts it; returns the exit code."""
    root = Settings.from_environment().ml_root
    inputs = root / "processing" / "input"
    target = root / "processing" / "output" / "evaluation"
    return run_processing_job(lambda: evaluate(inputs / "test", inputs / "truth", target), root)


def evaluate(answers: Path, truth: Path, target: Path) -> None:
    """Compare line by line and write evaluation.json and golden.jsonl."""
    answered = _rows(answers, "*.out")
    people = _rows(truth, "*.csv")
    if len(answered) != len(people):
        raise UserError(f"the model answered {len(answered)} records, but there are {len(people)}")
    if any(len(answer) != 2 for answer in answered):
        raise UserError("the model answered something else than label and probability: see conf.yaml, automl")
    predicted, labels = [answer[0] for answer in answered], [person[-1] for person in people]
    if unknown := sorted({*predicted} - {*LABELS}):
        raise UserError(f"the model answered {unknown}, not {' or '.join(LABELS)}")
    weighted = float(f1_score(labels, predicted, average="weighted"))
    document = {
        "classification_metrics": {
            "weighted_f1": {"value": weighted},
            "accuracy": {"value": float(accuracy_score(labels, predicted))},
            "confusion_matrix": confusion_matrix(labels, predicted, labels=LABELS).tolist(),
        },
        "labels": LABELS,
        "people": len(labels),
    }
    target.mkdir(parents=True, exist_ok=True)
    (target / "evaluation.json").write_text(json.dumps(document, indent=1) + "\n")
    golden = [_golden(*pair) for pair in zip(people, answered, strict=True)]
    (target / "golden.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in golden[:GOLDEN_RECORDS]))
    print(json.dumps({"event": "model evaluated", "weighted_f1": round(weighted, 4)}), flush=True)


def _golden(person: Row, answer: Row) -> dict[str, object]:
    """Return a record as callers of the REST API send it, and what the model answers."""
    cells = zip(COLUMNS[:-1], person[:-1], strict=True)
    record = {name: _whole(cell) if name in NUMBERS else cell or None for name, cell in cells}
    label, probability = answer
    return {"record": record, "score": float(probability), "label": label}


def _whole(cell: str) -> int:
    # A flow's node may make 40.0 of 40; callers send 40.
    return int(float(cell))


def _rows(folder: Path, pattern: str) -> list[Row]:
    rows: list[Row] = []
    for path in sorted(folder.rglob(pattern)):
        with path.open(newline="", encoding="utf-8") as file:
            rows += [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    return rows


if __name__ == "__main__":
    sys.exit(main())
