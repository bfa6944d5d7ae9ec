"""A million made-up customers in, the seed's preprocess job beside pandas and scikit-learn out: seconds, peak memory.

Run with the environment of requirements-training.txt: `python tests/benchmarks/bench_preprocess.py [--rows 1000000]`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmark_report import ROOT, Goal, draw_bars, save
from measured_process import Measured, measure

SEED = ROOT / "seedcode" / "model-build"
CONTAINER = ROOT / "containers" / "xgboost-daal4py"
DISTINCT = 50_000
"""Customers that are made up; more are copies of them, as making one takes longer than preprocessing it."""
USUAL, SAME, SEEDS = (
    "pandas + scikit-learn",
    "this container, the same features",
    "this container, the seed's features",
)
PROGRAM = (
    "import sys; from pathlib import Path; from churn.preprocess import preprocess; "
    "preprocess(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])"
)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = _write_customers(folder / "data", rows)
        sha256 = hashlib.sha256(data.read_bytes()).hexdigest()
        usual = [sys.executable, str(Path(__file__).with_name("usual_preprocess.py")), str(data)]
        measured = {
            SEEDS: _run_seed(SEED, data, folder / "seed", sha256),
            SAME: _run_seed(_copy_with_all_features(folder / "code"), data, folder / "same", sha256),
            USUAL: measure([*usual, str(folder / "usual")]),
        }
    _report(rows, measured)


def _run_seed(code: Path, data: Path, target: Path, sha256: str) -> Measured:
    path = {"PYTHONPATH": f"{code}{os.pathsep}{CONTAINER}"}
    return measure([sys.executable, "-c", PROGRAM, str(data.parent), str(target), sha256], path)


def _write_customers(folder: Path, rows: int) -> Path:
    make_customers = runpy.run_path(str(SEED / "churn" / "synthetic.py"))["make_customers"]
    header, *lines = make_customers(min(rows, DISTINCT)).splitlines(keepends=True)
    folder.mkdir()
    path = folder / "customers.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(header)
        for start in range(0, rows, len(lines)):
            file.writelines(lines[: rows - start])
    return path


def _copy_with_all_features(folder: Path) -> Path:
    """Copy the seed's code and exclude nothing: the usual way keeps every column, and so must this one."""
    shutil.copytree(SEED / "churn", folder / "churn")
    path = folder / "churn" / "features.toml"
    path.write_text(re.sub(r"(?s)(derived|excluded) = \[\n.*?\n\]\n", "", path.read_text()))
    return folder


def _report(rows: int, measured: dict[str, Measured]) -> None:
    table: list[dict[str, Any]] = [
        {"way": name, "customers": rows, "seconds": result.seconds, "peak_mb": result.peak_mb}
        for name, result in measured.items()
    ]
    faster = measured[USUAL].seconds / measured[SAME].seconds
    share = measured[SAME].peak_mb / measured[USUAL].peak_mb
    goals = [
        Goal("speed, the same features", "at least 3 times the usual way", round(faster, 2), faster >= 3),
        Goal(
            "peak memory, the same features", "at most half of the usual way", round(share, 3), share <= 0.5
        ),
    ]
    save("preprocess", table, goals)
    draw_bars(
        "preprocess-seconds", "Preprocess, seconds", {name: item.seconds for name, item in measured.items()}
    )
    draw_bars(
        "preprocess-memory", "Preprocess, peak MB", {name: item.peak_mb for name, item in measured.items()}
    )


if __name__ == "__main__":
    main()
