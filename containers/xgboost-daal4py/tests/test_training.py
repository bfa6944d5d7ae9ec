"""A training job ends with a model, or with exit code 1 and a reason that a person understands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training_job import make_settings, write_job

from xgboost_daal4py import training
from xgboost_daal4py.model_files import load_model
from xgboost_daal4py.thresholds import choose_threshold
from xgboost_daal4py.training import train


def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setenv("ML_ROOT", str(root))
    code = training.main()
    failure = root / "output" / "failure"
    return code, failure.read_text() if failure.exists() else ""


def test_a_job_leaves_a_model_that_says_where_it_comes_from(trained: Path) -> None:
    info = load_model(trained / "model").info
    assert info.provenance["training_job"] == "job-1"
    assert info.provenance["hyperparameters"] == {"num_round": 20, "max_depth": 3, "seed": 1}
    assert (info.provenance["train"]["rows"], info.provenance["validation"]["rows"]) == (300, 100)
    assert info.metrics["validation_auc"] > 0.95
    assert 0 < info.threshold < 1


def test_equal_jobs_leave_equal_models(trained: Path, tmp_path: Path) -> None:
    write_job(tmp_path, {"num_round": "20", "max_depth": "3", "seed": "1"})
    train(make_settings(tmp_path))
    for file in sorted((trained / "model").iterdir()):
        assert (tmp_path / "model" / file.name).read_bytes() == file.read_bytes()


def test_label_names_come_from_hyperparameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_job(tmp_path, {"num_round": "2", "positive_label": "leaves", "negative_label": "stays"})
    assert run(tmp_path, monkeypatch) == (0, "")
    info = load_model(tmp_path / "model").info
    assert (info.positive_label, info.negative_label) == ("leaves", "stays")


@pytest.mark.parametrize(
    ("hyperparameters", "words"),
    [
        ({"max_deph": "5"}, "unknown hyperparameter 'max_deph'; did you mean 'max_depth'? known are alpha,"),
        ({"max_depth": "five"}, "hyperparameter 'max_depth' must be a whole number from 0 to 64, not 'five'"),
        ({"eta": "-1"}, "hyperparameter 'eta' must be a number from 0 to 1, not '-1'"),
        ({"monotone_constraints": "(1,1,1,1,1,1,1,1)"}, "XGBoost refuses the data or the hyperparameters"),
        ({"num_round": "0"}, "'num_round' must be a whole number from 1 to 1000000, not '0'"),
    ],
)
def test_wrong_hyperparameters_fail_the_job_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hyperparameters: dict[str, str], words: str
) -> None:
    write_job(tmp_path, hyperparameters)
    code, reason = run(tmp_path, monkeypatch)
    assert code == 1
    assert words in reason.splitlines()[0]


@pytest.mark.parametrize(
    ("channel", "content", "words"),
    [
        ("train", "", "there is no row"),
        ("train", "1,2,3\n", "has 3 values, the model takes 7"),
        ("validation", "1,1,0,x,1,1,1\n", "row 1, Minutes: value 4, 'x', is not a number"),
        ("train", "2,1,0,1,1,1,1\n", "the label, 0 or 1"),
        ("validation", "1,1,0,1,1,1,1\n", "both classes must occur"),
    ],
)
def test_a_wrong_channel_fails_the_job_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channel: str, content: str, words: str
) -> None:
    write_job(tmp_path, {})
    (tmp_path / "input" / "data" / channel / f"{channel}.csv").write_text(content)
    code, reason = run(tmp_path, monkeypatch)
    assert code == 1
    assert reason.startswith(f"channel '{channel}': ")
    assert words in reason


def test_a_missing_channel_fails_the_job_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, reason = run(tmp_path, monkeypatch)
    assert (code, reason) == (1, "channel 'train' holds no file")


def test_a_bug_of_ours_is_called_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(training, "train", explode)
    code, reason = run(tmp_path, monkeypatch)
    assert code == 1
    assert reason == "internal error, please report it: ZeroDivisionError: oops"


def test_the_threshold_parts_the_classes_half_way() -> None:
    labels = np.array([0, 0, 1, 1], dtype=np.float32)
    scores = np.array([0.1, 0.25, 0.75, 0.9], dtype=np.float32)
    assert choose_threshold(labels, scores) == 0.5


def test_the_threshold_never_parts_equal_scores() -> None:
    labels = np.array([0, 1, 1, 0], dtype=np.float32)
    scores = np.array([0.5, 0.5, 0.5, 0.25], dtype=np.float32)
    assert choose_threshold(labels, scores) == 0.375
