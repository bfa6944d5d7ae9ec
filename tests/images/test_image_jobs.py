"""Training and processing in the built image, with /opt/ml as SageMaker mounts it: owned by root."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from docker_command import run_job
from image_job import ROOT, lay_out, make_rows

pytestmark = pytest.mark.docker

CHURN = [path for path in (ROOT.parent / "shared" / "data" / "churn.txt",) if path.exists()]
PAGES = "/tmp"  # noqa: S108 - a path in the container, where XGBoost's pages would go
SCRIPT = """
import os, sys
from pathlib import Path
from xgboost_daal4py.processing import run_processing_job
def work():
    Path("/opt/ml/processing/output/user").write_text(str(os.getuid()))
    try:
        Path("/opt/ml/processing/input/code/new").touch()
    except PermissionError:
        print("cannot write its code")
sys.exit(run_processing_job(work, Path("/opt/ml")))
"""


def test_training_leaves_root_before_it_reads_anything(trained: Path) -> None:
    owners = {path.stat().st_uid for path in (trained / "model").iterdir()}
    assert owners == {(trained / "model").stat().st_uid}
    assert 0 not in owners
    assert {path.name for path in (trained / "model").iterdir()} == {
        "model.ubj",
        "features.json",
        "model.json",
    }
    assert (trained / "input" / "data" / "train" / "train.csv").stat().st_uid == 0


@pytest.mark.parametrize("source", CHURN, ids=lambda path: path.name)
def test_real_churn_data_trains(image: str, tmp_path: Path, source: Path) -> None:
    with source.open(newline="") as file:
        records = list(csv.DictReader(file))
    numbers = [name for name in records[0] if name.endswith(("Mins", "Calls", "Charge", "Message", "Length"))]
    lines = [
        ",".join([str(int(record["Churn?"].strip() == "True.")), *(record[name] for name in numbers)]) + "\n"
        for record in records
    ]
    rows = {"train": "".join(lines[:2500]), "validation": "".join(lines[2500:])}
    ml = lay_out(tmp_path / "ml", rows, {"num_round": "30", "max_depth": "5"})
    code, printed = run_job(image, ml, "train")
    assert code == 0, printed
    assert json.loads((ml / "model" / "model.json").read_text())["metrics"]["validation_auc"] > 0.8


def test_another_user_may_train_where_it_may_write(image: str, tmp_path: Path) -> None:
    ml = lay_out(tmp_path / "ml", {"train": make_rows(500, 3)}, {"num_round": "2"})
    for name in ("model", "output"):
        (ml / name).chmod(0o777)
    code, printed = run_job(
        image, ml, "train", options=("--user", "12345:12345", "--read-only", "--tmpfs", PAGES)
    )
    assert code == 0, printed
    assert (ml / "model" / "model.ubj").stat().st_uid == 12345


def test_training_without_capabilities_goes_on_as_it_is(image: str, tmp_path: Path) -> None:
    ml = lay_out(tmp_path / "ml", {"train": make_rows(500, 3)}, {"num_round": "2"})
    code, printed = run_job(image, ml, "train", options=("--cap-drop", "ALL"))
    assert code == 0, printed
    assert '{"event": "training started", "user": "root"}' in printed


def test_wrong_data_fails_with_its_reason(image: str, tmp_path: Path) -> None:
    ml = lay_out(tmp_path / "ml", {"train": "1,2,3\n0,2,x\n"}, {})
    code, _ = run_job(image, ml, "train")
    assert code == 1
    assert (
        ml / "output" / "failure"
    ).read_text() == "channel 'train': row 2, f1: value 3, 'x', is not a number"


def test_too_little_memory_fails_with_its_reason(image: str, tmp_path: Path) -> None:
    rows = ("1," + "0.5," * 39 + "1\n" + "0," + "0.25," * 39 + "2\n") * 400_000
    ml = lay_out(tmp_path / "ml", {"train": rows}, {"external_memory": "never"})
    code, printed = run_job(image, ml, "train", options=("--memory", "256m", "--memory-swap", "256m"))
    assert code == 1, printed
    reason = (ml / "output" / "failure").read_text()
    assert reason.startswith("the job was killed, most likely for more memory than there is (256 MB)")


def test_a_processing_job_leaves_root_with_its_outputs(image: str, tmp_path: Path) -> None:
    ml = tmp_path / "ml"
    for name in ("config", "output", "processing/input/code", "processing/output"):
        (ml / name).mkdir(parents=True)
    (ml / "processing" / "input" / "code" / "job.py").write_text(SCRIPT)
    places = {name: f"/opt/ml/processing/{name}" for name in ("input/code", "output")}
    job = {
        "ProcessingInputs": [{"InputName": "code", "S3Input": {"LocalPath": places["input/code"]}}],
        "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"LocalPath": places["output"]}}]},
    }
    (ml / "config" / "processingjobconfig.json").write_text(json.dumps(job))
    code, printed = run_job(image, ml, "python3", "/opt/ml/processing/input/code/job.py")
    assert code == 0, printed
    assert "cannot write its code" in printed
    assert (ml / "processing" / "output" / "user").read_text() != "0"
