"""Hosts train one model together, whatever part of the data each of them has; a lost host ends the job, in words."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_job import make_settings, write_job

from xgboost_daal4py.labelled_files import read_batches
from xgboost_daal4py.model_files import load_model, load_transform
from xgboost_daal4py.training import train

HOSTS = ("127.0.0.1", "127.0.0.2")
HYPERPARAMETERS = {"num_round": "20", "max_depth": "3", "seed": "1", "base_score": "0.3"}
PROGRAM = "import sys; from xgboost_daal4py.training import main; sys.exit(main())"
ENDLESS = {"num_round": "1000000", "host_timeout": "10"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_hosts(root: Path, hyperparameters: Mapping[str, str], inputs: Mapping[str, Any]) -> list[Path]:
    """Lay out /opt/ml of two hosts with the same data; where a channel is sharded, each gets every other row."""
    port = free_port()
    folders = []
    for place, host in enumerate(HOSTS):
        folder = root / host
        write_job(folder, {**hyperparameters, "tracker_port": str(port)})
        resources = {"current_host": host, "hosts": list(HOSTS)}
        (folder / "input" / "config" / "resourceconfig.json").write_text(json.dumps(resources))
        (folder / "input" / "config" / "inputdataconfig.json").write_text(json.dumps(inputs))
        for name, channel in inputs.items():
            file = folder / "input" / "data" / name / f"{name}.csv"
            if channel["S3DistributionType"] == "ShardedByS3Key":
                file.write_text("".join(file.read_text().splitlines(keepends=True)[place :: len(HOSTS)]))
        folders.append(folder)
    return folders


class Host:
    """A running host; all its processes end with the context."""

    def __init__(self, folder: Path) -> None:
        self.failure = folder / "output" / "failure"
        self._log = folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                env={"ML_ROOT": str(folder), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self._process.wait()

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait(self, seconds: float = 60) -> int:
        return self._process.wait(seconds)

    def wait_for_rounds(self) -> None:
        """Return when training has begun."""
        end = time.monotonic() + 60
        while "validation-auc" not in self.output:
            assert time.monotonic() < end, self.output
            assert self._process.poll() is None, self.output
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)


@contextmanager
def running(folders: list[Path]) -> Iterator[list[Host]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Host(folder)) for folder in folders]


def run(folders: list[Path]) -> list[tuple[int, str]]:
    """Run a host in each folder; returns exit codes and output."""
    with running(folders) as hosts:
        return [(host.wait(), host.output) for host in hosts]


def distribute(kind: str) -> dict[str, dict[str, str]]:
    return {name: {"S3DistributionType": kind} for name in ("train", "validation")}


@pytest.mark.parametrize("kind", ["FullyReplicated", pytest.param("ShardedByS3Key", marks=pytest.mark.slow)])
def test_two_hosts_train_the_model_that_one_would(tmp_path: Path, kind: str) -> None:
    folders = write_hosts(tmp_path, HYPERPARAMETERS, distribute(kind))
    results = run(folders)
    assert [code for code, _ in results] == [0, 0], results
    assert "validation-auc:" in results[0][1]
    assert "validation-auc:" not in results[1][1]
    assert not (folders[1] / "model").exists()
    together = load_model(folders[0] / "model")

    write_job(tmp_path / "alone", HYPERPARAMETERS)
    train(make_settings(tmp_path / "alone"))
    alone = load_model(tmp_path / "alone" / "model")
    assert together.info.threshold == pytest.approx(alone.info.threshold, abs=0.05)
    transform = load_transform(tmp_path / "alone" / "input" / "data" / "transform" / "features.json")
    file = tmp_path / "alone" / "input" / "data" / "validation" / "validation.csv"
    (rows,) = read_batches(file, "csv", transform.names)
    difference = together.booster.inplace_predict(rows.features) - alone.booster.inplace_predict(
        rows.features
    )
    assert np.abs(difference).max() < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_a_killed_host_fails_the_other_with_a_reason(tmp_path: Path, lost: int) -> None:
    with running(write_hosts(tmp_path, ENDLESS, distribute("FullyReplicated"))) as hosts:
        hosts[0].wait_for_rounds()
        hosts[lost].signal(signal.SIGKILL)
        assert hosts[1 - lost].wait(45) == 1, hosts[1 - lost].output
        reason = hosts[1 - lost].failure.read_text()
    assert f"has lost another host of this job ({HOSTS[lost]})" in reason.splitlines()[0]


@pytest.mark.slow
def test_a_host_that_stands_still_fails_the_other_in_time(tmp_path: Path) -> None:
    with running(write_hosts(tmp_path, ENDLESS, distribute("FullyReplicated"))) as hosts:
        hosts[0].wait_for_rounds()
        hosts[1].signal(signal.SIGSTOP)
        assert hosts[0].wait(45) == 1, hosts[0].output
        assert "waited for it for more than 10 s" in hosts[0].failure.read_text()


@pytest.mark.slow
def test_a_host_that_never_comes_fails_the_job_in_time(tmp_path: Path) -> None:
    with running(write_hosts(tmp_path, ENDLESS, distribute("FullyReplicated"))[:1]) as (host,):
        assert host.wait(45) == 1, host.output
        assert host.failure.read_text() == "not all of the 2 hosts came together in 10 s"


@pytest.mark.slow
def test_hosts_that_are_stopped_leave_the_model_so_far(tmp_path: Path) -> None:
    folders = write_hosts(tmp_path, ENDLESS, distribute("FullyReplicated"))
    (folders[0] / "checkpoints").mkdir()
    with running(folders) as hosts:
        hosts[0].wait_for_rounds()
        hosts[0].signal(signal.SIGTERM)
        assert [host.wait(45) for host in hosts] == [0, 0], hosts[0].output
    assert load_model(folders[0] / "model").booster.num_boosted_rounds() > 0
    assert (folders[0] / "checkpoints" / "checkpoint.ubj").exists()


@pytest.mark.slow
def test_wrong_data_on_one_host_is_told_by_both(tmp_path: Path) -> None:
    folders = write_hosts(tmp_path, HYPERPARAMETERS, distribute("ShardedByS3Key"))
    (folders[1] / "input" / "data" / "train" / "train.csv").write_text("1,2,3\n")
    assert [code for code, _ in run(folders)] == [1, 1]
    reasons = [(folder / "output" / "failure").read_text() for folder in folders]
    assert reasons[0] == "127.0.0.2 cannot read its part of the data: see its own reason"
    assert reasons[1].startswith("channel 'train': row 1, width: has 3 values")
