"""A million made-up rows in, training beside bare XGBoost, on one host and on two, in memory and on disk out: seconds.

Run with the environment of requirements-training.txt: `python tests/benchmarks/bench_training.py [--rows 1000000]`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
from benchmark_report import ROOT, Goal, draw_bars, save
from measured_process import Measured, measure

CONTAINER = {"PYTHONPATH": str(ROOT / "containers" / "xgboost-daal4py")}
TRAIN = "import sys; from xgboost_daal4py.training import main; sys.exit(main())"
FEATURES = 70
ROUNDS = 20
HOSTS = ("127.0.0.1", "127.0.0.2")


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = _write_rows(folder, options.rows)
        fits = _compare_fits(folder / "rows.npy", options.repeats)
        one_thread = {"num_round": str(ROUNDS), "nthread": "1"}
        one = _run_jobs([_lay_out(folder / "one", files, one_thread)], alone=True)
        two = _run_jobs(_lay_out_hosts(folder / "two", files, one_thread), alone=True)
        memory = {
            (kind, len(part)): _run_jobs(
                [_lay_out(folder / f"{kind}-{len(part)}", part, {"num_round": "3", "external_memory": kind})]
            )[0]
            for kind in ("never", "always")
            for part in (files[:1], files)
        }
    _report(options.rows, fits, one[0], two, memory)


def _write_rows(folder: Path, rows: int) -> list[Path]:
    """Write the rows as one array, and as two Parquet files."""
    generator = np.random.default_rng(1)
    features = generator.normal(size=(rows, FEATURES)).astype(np.float32)
    noise = 8 * generator.normal(size=rows)
    labels = (features @ generator.normal(size=FEATURES) + noise > 0).astype(np.float32)
    table = np.column_stack([labels, features])
    np.save(folder / "rows.npy", table)
    names = ["label", *(f"f{number}" for number in range(FEATURES))]
    paths = []
    for place, part in enumerate(np.array_split(table, len(HOSTS))):
        paths.append(folder / f"part-{place}.parquet")
        columns = [pyarrow.array(np.ascontiguousarray(column)) for column in part.T]
        pyarrow.parquet.write_table(pyarrow.table(columns, names=names), paths[-1])
    return paths


def _compare_fits(rows: Path, repeats: int) -> dict[str, float]:
    program = str(Path(__file__).with_name("training_contestants.py"))
    done = subprocess.run(
        [sys.executable, program, str(rows), str(ROUNDS), str(repeats)],
        env={**os.environ, **CONTAINER},
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _lay_out(root: Path, files: Sequence[Path], hyperparameters: Mapping[str, str]) -> Path:
    channel, config = root / "input" / "data" / "train", root / "input" / "config"
    channel.mkdir(parents=True)
    config.mkdir()
    for path in files:
        (channel / path.name).symlink_to(path)
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    return root


def _lay_out_hosts(root: Path, files: Sequence[Path], hyperparameters: Mapping[str, str]) -> list[Path]:
    with socket.socket() as probe:
        probe.bind((HOSTS[0], 0))
        port = str(probe.getsockname()[1])
    folders = []
    for host, file in zip(HOSTS, files, strict=True):
        folder = _lay_out(root / host, [file], {**hyperparameters, "tracker_port": port})
        config = folder / "input" / "config"
        (config / "resourceconfig.json").write_text(json.dumps({"current_host": host, "hosts": HOSTS}))
        inputs = {"train": {"S3DistributionType": "ShardedByS3Key"}}
        (config / "inputdataconfig.json").write_text(json.dumps(inputs))
        folders.append(folder)
    return folders


def _run_jobs(folders: Sequence[Path], *, alone: bool = False) -> list[Measured]:
    """Run a host in each folder, at the same time, each with all cores, or with one that it has alone."""
    cores = list(range(len(folders))) if alone else [None] * len(folders)
    with ThreadPoolExecutor(len(folders)) as pool:
        return list(pool.map(_run_job, folders, cores))


def _run_job(folder: Path, core: int | None) -> Measured:
    return measure([sys.executable, "-c", TRAIN], {**CONTAINER, "ML_ROOT": str(folder)}, core)


def _report(
    rows: int,
    fits: Mapping[str, float],
    one: Measured,
    two: Sequence[Measured],
    memory: Mapping[tuple[str, int], Measured],
) -> None:
    together = max(host.seconds for host in two)
    most_cpu = max(host.cpu_seconds for host in two)
    table: list[dict[str, Any]] = [
        {
            "what": f"matrix and {ROUNDS} rounds, bare xgboost.train, 2 threads",
            "rows": rows,
            "seconds": fits["bare"],
        },
        {
            "what": f"matrix and {ROUNDS} rounds, this container, 2 threads",
            "rows": rows,
            "seconds": fits["container"],
        },
        {
            "what": "the same, bare, logloss and AUC after every round",
            "rows": rows,
            "seconds": fits["bare, measured"],
        },
        {"what": "whole job, 1 host of 1 core", "rows": rows, **asdict(one)},
        {
            "what": "whole job, 2 hosts of 1 core (processor time: of the busier)",
            "rows": rows,
            "seconds": together,
            "cpu_seconds": most_cpu,
        },
    ]
    table += [
        {
            "what": f"whole job, 3 rounds, external memory: {kind}",
            "rows": rows * parts // len(HOSTS),
            "seconds": result.seconds,
            "cpu_seconds": result.cpu_seconds,
            "peak_mb": result.peak_mb,
        }
        for (kind, parts), result in memory.items()
    ]
    slower, faster = fits["container"] / fits["bare"], one.seconds / together
    growth = memory["always", 2].peak_mb / memory["always", 1].peak_mb
    goals = [
        Goal("time beside bare xgboost.train", "at most 1.05 times", round(slower, 3), slower <= 1.05),
        Goal(
            "two hosts' rows per second beside one's", "at least 1.6 times", round(faster, 2), faster >= 1.6
        ),
        Goal("peak memory on disk, twice the rows", "at most 1.2 times", round(growth, 2), growth <= 1.2),
    ]
    save("training", table, goals)
    draw_bars(
        "training-seconds", "Training, seconds", {str(row["what"]): row["seconds"] for row in table[:5]}
    )
    draw_bars(
        "training-memory",
        "Training, peak MB",
        {
            f"{row['rows']:,} rows, {str(row['what']).rpartition(', ')[2]}": row["peak_mb"]
            for row in table[5:]
        },
    )


if __name__ == "__main__":
    main()
