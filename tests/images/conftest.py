"""The container's image, built by the Docker engine of this machine; without one these tests fail and say so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_command import docker, run_job
from image_job import ROOT, lay_out, make_rows

CONTEXT = ROOT / "containers" / "xgboost-daal4py"
TAG = "xgboost-daal4py:test-images"


@pytest.fixture(scope="session")
def image() -> str:
    subprocess.run(
        ["docker", "build", "--network", "host", "--tag", TAG, str(CONTEXT)], check=True, capture_output=True
    )
    return TAG


@pytest.fixture(scope="session")
def trained(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return /opt/ml after a training job in the container."""
    rows = {"train": make_rows(2000, 1), "validation": make_rows(500, 2)}
    ml = lay_out(tmp_path_factory.mktemp("trained") / "ml", rows, {"num_round": "20"})
    code, printed = run_job(image, ml, "train")
    assert code == 0, printed
    yield ml
    docker("run", "--rm", "--volume", f"{ml}:/opt/ml", image, "chown", "-R", "0:0", "/opt/ml")
