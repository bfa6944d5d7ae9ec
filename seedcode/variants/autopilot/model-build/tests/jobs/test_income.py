"""The evaluation: what the model answered beside what is true."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from adult.columns import COLUMNS
from adult.evaluate import evaluate
from tests.jobs.wrangled_people import wrangled_people

from xgboost_daal4py.errors import UserError

PEOPLE = wrangled_people(4)


def written(folder: Path, answers: str, labels: Sequence[str]) -> Path:
    people = "".join(
        f"{','.join([*person[:-1], label])}\n" for person, label in zip(PEOPLE, labels, strict=False)
    )
    for name, file, text in (("answers", "records.csv.out", answers), ("truth", "people.csv", people)):
        (folder / name).mkdir()
        (folder / name / file).write_text(text)
    return folder


def test_the_weighted_f1_weighs_labels_by_how_often_they_are_true(tmp_path: Path) -> None:
    folder = written(
        tmp_path, "<=50K,0.9\n<=50K,0.8\n>50K,0.7\n<=50K,0.6\n", ["<=50K", "<=50K", ">50K", ">50K"]
    )
    evaluate(folder / "answers", folder / "truth", folder / "evaluation")
    metrics = json.loads((folder / "evaluation" / "evaluation.json").read_text())["classification_metrics"]
    assert metrics["weighted_f1"]["value"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert metrics["confusion_matrix"] == [[2, 0], [1, 1]]


def test_golden_records_are_raw_and_have_what_the_model_answers(tmp_path: Path) -> None:
    folder = written(tmp_path, "<=50K,0.9\n>50K,0.7\n", ["<=50K", "<=50K"])
    evaluate(folder / "answers", folder / "truth", folder / "evaluation")
    golden = [json.loads(line) for line in (folder / "evaluation" / "golden.jsonl").read_text().splitlines()]
    assert [(each["score"], each["label"]) for each in golden] == [(0.9, "<=50K"), (0.7, ">50K")]
    record = golden[0]["record"]
    assert tuple(record) == COLUMNS[:-1]
    assert (record["age"], record["workclass"]) == (int(PEOPLE[0][0]), PEOPLE[0][1])


def test_numbers_are_whole_in_a_golden_record_though_the_flow_writes_them_otherwise(tmp_path: Path) -> None:
    folder = written(tmp_path, "<=50K,0.9\n", ["<=50K"])
    file = folder / "truth" / "people.csv"
    age = PEOPLE[0][0]
    file.write_text(file.read_text().replace(age, f"{age}.0", 1))
    evaluate(folder / "answers", folder / "truth", folder / "evaluation")
    (line,) = (folder / "evaluation" / "golden.jsonl").read_text().splitlines()
    assert f'"age": {age},' in line


def test_what_is_missing_is_null_in_a_golden_record(tmp_path: Path) -> None:
    folder = written(tmp_path, "<=50K,0.9\n", ["<=50K"])
    file = folder / "truth" / "people.csv"
    file.write_text(file.read_text().replace(PEOPLE[0][1], "", 1))
    evaluate(folder / "answers", folder / "truth", folder / "evaluation")
    (line,) = (folder / "evaluation" / "golden.jsonl").read_text().splitlines()
    assert json.loads(line)["record"]["workclass"] is None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (">50K,0.9\n", "answered 1 records, but there are 2"),
        ("rich,0.9\npoor,0.1\n", r"answered \['poor', 'rich'\]"),
        (">50K\n>50K\n", "something else than label and probability"),
    ],
)
def test_answers_that_are_none_are_refused(tmp_path: Path, answers: str, words: str) -> None:
    folder = written(tmp_path, answers, ["<=50K", ">50K"])
    with pytest.raises(UserError, match=words):
        evaluate(folder / "answers", folder / "truth", folder / "evaluation")
