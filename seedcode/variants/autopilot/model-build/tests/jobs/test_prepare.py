"""The preprocessing: what goes to the search, what is kept for judging, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from adult.columns import COLUMNS, LABELS
from adult.prepare import prepare, read_people
from adult.synthetic import make_people

from xgboost_daal4py.errors import UserError


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


def test_the_search_gets_tables_with_a_header_and_the_model_records_without_labels(tmp_path: Path) -> None:
    (tmp_path / "adult.data").write_text(make_people(1000))
    prepare(tmp_path, tmp_path / "output")
    train = rows(tmp_path / "output" / "train" / "train.csv")
    assert tuple(train[0]) == COLUMNS
    assert len(train) == 701
    records = rows(tmp_path / "output" / "test" / "records.csv")
    truth = rows(tmp_path / "output" / "truth" / "people.csv")
    assert len(records) == len(truth) == 150
    assert {len(record) for record in records} == {len(COLUMNS) - 1}
    assert [person[:-1] for person in truth] == records
    assert {person[-1] for person in truth} == {*LABELS}


def test_files_of_uci_s_form_are_read_with_their_remarks_and_full_stops(tmp_path: Path) -> None:
    line = make_people(1).strip()
    file = tmp_path / "adult.test"
    file.write_text(f"|1x3 Cross validator\n{line}.\n\n")
    (person,) = read_people(file)
    assert person[-1] in LABELS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda line: line.rsplit(",", 1)[0], "line 1: 14 values, not the 15"),
        (lambda line: line.rsplit(",", 1)[0] + ", rich", "income is 'rich'"),
        (lambda line: "old," + line.split(",", 1)[1], "age is 'old', not a whole number"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path, change: object, words: str) -> None:
    assert callable(change)
    file = tmp_path / "adult.data"
    file.write_text(change(make_people(1).strip()))
    with pytest.raises(UserError, match=words):
        read_people(file)


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    (tmp_path / "adult.data").write_text(make_people(10))
    with pytest.raises(UserError, match="at least 500 are needed"):
        prepare(tmp_path, tmp_path / "output")
