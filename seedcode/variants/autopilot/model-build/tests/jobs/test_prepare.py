"""The preprocessing: what goes to the search, what is kept for judging, and what is refused; and the flow before it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from adult.columns import COLUMNS, LABELS
from adult.prepare import prepare, read_people
from tests.jobs.wrangled_people import wrangled_people

from xgboost_daal4py.errors import UserError

FLOW = json.loads((Path(__file__).parents[2] / "adult" / "adult.flow").read_text())
RAW = 15


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


def table(count: int) -> str:
    """Return what the flow makes of made-up people."""
    return "".join(f"{','.join(line)}\n" for line in (COLUMNS, *wrangled_people(count)))


def parameters(operator: str) -> list[Mapping[str, Any]]:
    return [node["parameters"] for node in FLOW["nodes"] if operator in node["operator"]]


def test_the_search_gets_tables_with_a_header_and_the_model_records_without_labels(tmp_path: Path) -> None:
    (tmp_path / "part-0.csv").write_text(table(1000))
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("age,", "Age,", 1), "the flow's table has the columns Age, workclass"),
        (lambda text: text.rsplit(",", 1)[0] + ",rich\n", "person 2: income is 'rich'"),
        (lambda text: text.replace("\n25,", "\n,", 1), "person 1: age is missing, or not a whole number"),
        (lambda text: "", "the flow's table has the columns , not"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(
    tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    file = tmp_path / "part-0.csv"
    file.write_text(change(table(2)))
    with pytest.raises(UserError, match=words):
        read_people(file)


def test_too_few_people_to_learn_from_are_refused(tmp_path: Path) -> None:
    (tmp_path / "part-0.csv").write_text(table(700))
    with pytest.raises(
        UserError, match=r"of 700 people .* 490 are to learn from, and AutoML needs at least 500"
    ):
        prepare(tmp_path, tmp_path / "output")


def test_the_flow_names_all_raw_columns_and_leaves_those_of_the_model() -> None:
    (renamed,) = (each for each in parameters("manage_columns") if each["operator"] == "Rename column")
    (dropped,) = (each for each in parameters("manage_columns") if each["operator"] == "Drop column")
    names = renamed["rename_column_parameters"]["columns_to_rename"]
    assert [each["input_column"] for each in names] == [f"_c{place}" for place in range(RAW)]
    left = {each["new_name"] for each in names} - {*dropped["drop_column_parameters"]["column_to_drop"]}
    assert left == {*COLUMNS}


def test_each_node_of_the_flow_takes_from_the_one_before_it() -> None:
    nodes = FLOW["nodes"]
    taken = [node["inputs"][0]["node_id"] for node in nodes[1:]]
    assert taken == [node["node_id"] for node in nodes[:-1]]
