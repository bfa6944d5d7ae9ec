"""The evaluation: what a model says of messages beside what is true, and the records that staging is held against."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from messages.answers import Scores
from messages.evaluate import evaluate
from messages.measures import area_under_curve, measure
from messages.message_errors import DataError
from messages.prepare import write_messages


def by_length(folder: Path, texts: Sequence[str]) -> Scores:
    """Stand in for a model: the longer, the surer; the archive says what is as sure as can be."""
    longest = int((folder / "longest").read_text())
    return Scores([len(text) / longest for text in texts], 0.5)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Give the folders of the job: an archive, and fifty messages of which the longer half are complaints."""
    (tmp_path / "longest").write_text("50")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "longest", "longest")
    messages = [("x" * size, "complaint" if size >= 25 else "other") for size in range(1, 51)]
    write_messages(tmp_path / "test" / "test.csv", messages)
    return tmp_path


def test_the_report_holds_what_the_condition_and_the_registry_read(job: Path) -> None:
    evaluate(job / "model.tar.gz", job / "test", job / "evaluation", by_length)
    report = json.loads((job / "evaluation" / "evaluation.json").read_text())
    metrics = report["binary_classification_metrics"]
    assert {name: metrics[name]["value"] for name in ("accuracy", "auc", "f1")} == {
        "accuracy": 1,
        "auc": 1,
        "f1": 1,
    }
    assert metrics["confusion_matrix"] == {"0": {"0": 24, "1": 0}, "1": {"0": 0, "1": 26}}
    assert report["threshold"] == "0.5"


def test_golden_records_range_over_all_scores(job: Path) -> None:
    evaluate(job / "model.tar.gz", job / "test", job / "evaluation", by_length)
    lines = [json.loads(line) for line in (job / "evaluation" / "golden.jsonl").read_text().splitlines()]
    assert len(lines) == 20
    assert lines[0] == {"record": {"text": "x"}, "score": 0.02}
    assert lines[-1] == {"record": {"text": "x" * 50}, "score": 1.0}


def test_a_model_that_is_missing_is_told(job: Path) -> None:
    with pytest.raises(DataError, match=r"no model archive other\.tar\.gz"):
        evaluate(job / "other.tar.gz", job / "test", job / "evaluation", by_length)


def test_a_model_with_a_file_outside_of_its_folder_is_refused(job: Path) -> None:
    with tarfile.open(job / "model.tar.gz", "w:gz") as tar:
        tar.add(job / "longest", "../longest")
    with pytest.raises(DataError, match=r"a file outside of its folder: \.\./longest"):
        evaluate(job / "model.tar.gz", job / "test", job / "evaluation", by_length)


def test_metrics_are_those_of_the_textbook() -> None:
    truth, scores = [True, True, True, False, False, False], [0.9, 0.8, 0.2, 0.7, 0.1, 0.2]
    metrics = measure(truth, scores, 0.5)["binary_classification_metrics"]
    assert metrics["precision"]["value"] == metrics["recall"]["value"] == metrics["f1"]["value"] == 0.666667
    # Of nine pairs seven are in order, and one is a draw.
    assert area_under_curve(truth, scores) == pytest.approx(7.5 / 9)


def test_a_constant_is_no_better_than_chance_and_one_label_alone_is_no_test() -> None:
    assert area_under_curve([True, False], [0.5, 0.5]) == 0.5
    assert area_under_curve([True, True], [0.1, 0.9]) == 0.0
    assert measure([False], [0.1], 0.5)["binary_classification_metrics"]["f1"]["value"] == 0.0
