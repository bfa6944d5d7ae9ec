"""A processing script runs as the image's user where SageMaker says what it reads and writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from xgboost_daal4py import processing
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.processing import run_processing_job


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[Path], Sequence[Path]]]:
    """Return what root was left with."""
    calls: list[tuple[Sequence[Path], Sequence[Path]]] = []
    monkeypatch.setattr(processing, "leave_root", lambda *paths: calls.append(paths))
    return calls


def test_root_is_left_with_the_job_s_inputs_and_outputs(
    tmp_path: Path, left: list[tuple[Sequence[Path], Sequence[Path]]]
) -> None:
    (tmp_path / "config").mkdir()
    job = {
        "ProcessingInputs": [
            {"InputName": "code", "S3Input": {"LocalPath": "/opt/ml/processing/input/code"}},
            {"InputName": "table", "DatasetDefinition": {}},
        ],
        "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"LocalPath": "/opt/ml/processing/output"}}]},
    }
    (tmp_path / "config" / "processingjobconfig.json").write_text(json.dumps(job))
    assert run_processing_job(lambda: None, tmp_path) == 0
    assert left == [
        ([Path("/opt/ml/processing/input/code")], [tmp_path / "output", Path("/opt/ml/processing/output")])
    ]


def test_a_script_run_by_hand_stays_who_it_is_and_leaves_its_reason(
    tmp_path: Path, left: list[tuple[Sequence[Path], Sequence[Path]]]
) -> None:
    def fail() -> None:
        raise UserError("there is no file to read")

    assert run_processing_job(fail, tmp_path) == 1
    assert left == []
    assert (tmp_path / "output" / "message").read_text() == "there is no file to read"
