"""Makes the model that every server of the benchmark serves, and the bodies that are sent to them."""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from xgboost_daal4py.features import FeatureTransform
from xgboost_daal4py.matrix import format_matrix
from xgboost_daal4py.model_files import Model, ModelInfo, save_model
from xgboost_daal4py.records import check_records
from xgboost_daal4py.schema import Schema

STATES = [f"S{number:02}" for number in range(51)]
NUMBERS = [f"Number {number}" for number in range(15)]
RECORDS = 10_000
ROUNDS = 100
DEPTH = 5
SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "State", "kind": "category"},
            {"name": "Plan", "kind": "category"},
            {"name": "Voice", "kind": "category"},
            *({"name": name, "kind": "number"} for name in NUMBERS),
        ]
    }
)


@dataclass(frozen=True)
class Body:
    """What one load sends."""

    name: str
    rows: int
    content_type: str
    content: bytes


def make_bodies(root: Path) -> list[Body]:
    """Train and save the model below ``root`` and return the bodies: 70 features, raw records of 18 columns."""
    records = _make_records()
    table = check_records(records, SCHEMA)
    transform = FeatureTransform.fit(table, SCHEMA)
    matrix = transform.transform(table)
    folder = root / "model"
    folder.mkdir(parents=True)
    save_model(Model(_train(matrix, records), transform, ModelInfo(0.5, "True", "False", {}, {})), folder)
    lines = format_matrix(matrix).splitlines()
    array = io.BytesIO()
    np.save(array, matrix)
    return [
        Body("csv-1", 1, "text/csv", lines[0].encode()),
        Body("csv-100", 100, "text/csv", "\n".join(lines[:100]).encode()),
        Body("csv-10000", RECORDS, "text/csv", "\n".join(lines).encode()),
        Body("npy-10000", RECORDS, "application/x-npy", array.getvalue()),
        Body("json-1", 1, "application/json", json.dumps(records[0]).encode()),
        Body("json-100", 100, "application/json", json.dumps(records[:100]).encode()),
    ]


def _make_records() -> list[dict[str, Any]]:
    generator = random.Random(5)  # noqa: S311 - test data
    return [
        {
            "State": generator.choice(STATES),
            "Plan": generator.choice(["yes", "no"]),
            "Voice": generator.choice(["yes", "no"]),
            **{name: round(generator.uniform(0, 400), 2) for name in NUMBERS},
        }
        for _ in range(RECORDS)
    ]


def _train(matrix: np.ndarray[Any, Any], records: list[dict[str, Any]]) -> xgboost.Booster:
    noise = np.random.default_rng(5).normal(size=len(matrix)) * 100
    first, second = (np.array([record[name] for record in records]) for name in NUMBERS[:2])
    labels = (first + second / 2 + noise > 300).astype(int)
    parameters = {"objective": "binary:logistic", "max_depth": DEPTH, "nthread": 2}
    return xgboost.train(parameters, xgboost.DMatrix(matrix, labels), ROUNDS)
