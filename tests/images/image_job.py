"""A made-up training job for containers: rows, and /opt/ml as SageMaker lays it out."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lay_out(ml: Path, rows: Mapping[str, str], hyperparameters: Mapping[str, str]) -> Path:
    """Lay out /opt/ml of a training job as SageMaker does: readable by all, writable by root."""
    for name, text in rows.items():
        folder = ml / "input" / "data" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.csv").write_text(text)
    (ml / "input" / "config").mkdir()
    (ml / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    (ml / "model").mkdir()
    (ml / "output").mkdir()
    return ml


def make_rows(count: int, seed: int) -> str:
    """Make labelled rows of three features, the label of which is mostly their sum's."""
    generator = random.Random(seed)  # noqa: S311 - test data
    rows = ([generator.random() for _ in range(4)] for _ in range(count))
    return "".join(f"{int(a + b + 0.2 * noise > 1)},{a:.4f},{b:.4f},{c:.4f}\n" for a, b, c, noise in rows)
