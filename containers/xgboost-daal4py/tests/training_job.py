"""A made-up training job: its schema, a record, and /opt/ml as SageMaker lays it out."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xgboost_daal4py.features import FeatureTransform
from xgboost_daal4py.matrix import format_matrix
from xgboost_daal4py.model_files import save_transform
from xgboost_daal4py.records import check_records
from xgboost_daal4py.schema import Schema
from xgboost_daal4py.settings import MEGABYTE, Settings

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "Plan", "kind": "category"},
            {"name": "Area", "kind": "code"},
            {"name": "Phone", "kind": "ignored"},
            {"name": "Minutes", "kind": "number"},
            {"name": "Calls", "kind": "number"},
        ],
        "derived": [
            {"name": "Minutes per Call", "operation": "ratio", "of": ["Minutes", "Calls"]},
            {"name": "Minutes with Plan", "operation": "product", "of": ["Minutes", "Plan=yes"]},
        ],
        "excluded": ["Area"],
    }
)
RECORD: Mapping[str, Any] = {"Plan": "yes", "Area": 415, "Minutes": 250.0, "Calls": 10}


def make_settings(root: Path, limit_mb: int = 1) -> Settings:
    return Settings(
        ml_root=root, port=0, workers=1, max_payload_bytes=limit_mb * MEGABYTE, training_job_name="job-1"
    )


def write_job(root: Path, hyperparameters: Mapping[str, str]) -> None:
    """Lay out /opt/ml as a training job finds it: long calls of customers with a plan are positive."""
    generator = random.Random(3)  # noqa: S311 - test data
    records: list[dict[str, Any]] = [
        {
            "Plan": generator.choice(["yes", "no", None]),
            "Area": generator.choice([408, "415"]),
            "Minutes": generator.uniform(0, 400),
            "Calls": generator.choice([0, 5, 10, None]),
        }
        for _ in range(400)
    ]
    labels = [float(record["Plan"] == "yes" and record["Minutes"] > 200) for record in records]
    table = check_records(records, SCHEMA)
    transform = FeatureTransform.fit(table, SCHEMA)
    rows = format_matrix(transform.transform(table)).splitlines()
    labelled = [f"{label:g},{row}\n" for label, row in zip(labels, rows, strict=True)]
    for name, lines in (("train", labelled[:300]), ("validation", labelled[300:])):
        folder = root / "input" / "data" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.csv").write_text("".join(lines))
    (root / "input" / "data" / "transform").mkdir()
    save_transform(transform, root / "input" / "data" / "transform" / "features.json")
    (root / "input" / "config").mkdir()
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
