"""Whatever does not fit the schema is refused by record or row, column and reason."""

from __future__ import annotations

from typing import Any

import pytest

from xgboost_daal4py.errors import InvalidRecords, UserError
from xgboost_daal4py.records import Label, check_records, parse_json, read_table
from xgboost_daal4py.schema import Schema

LABEL = Label("Churn?", "True.", "False.")
HEADER = "Plan,Area,Phone,Minutes,Calls,Churn?"
ROW = "yes,415,555-1234,250.0,10,True."


def problem_of(records: list[Any], schema: Schema) -> tuple[int | None, str | None, str]:
    with pytest.raises(InvalidRecords) as raised:
        check_records(records, schema)
    (problem,) = raised.value.problems
    return problem.record, problem.column, problem.message


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Minutes", "250", "must be a number"),
        ("Minutes", True, "must be a number"),
        ("Minutes", [1], "must be a number"),
        ("Minutes", 1e39, "is too large a number"),
        ("Minutes", 10**400, "is too large a number"),
        ("Plan", 1, "must be a string"),
        ("Plan", {"a": 1}, "must be a string"),
        ("Area", 4.5, "must be a whole number or a string"),
        ("Area", False, "must be a whole number or a string"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(
    schema: Schema, record: dict[str, Any], column: str, value: Any, reason: str
) -> None:
    assert problem_of([record, {**record, column: value}], schema) == (1, column, reason)


def test_a_missing_column_is_named(schema: Schema, record: dict[str, Any]) -> None:
    del record["Calls"]
    assert problem_of([record], schema)[:2] == (0, "Calls")


def test_an_unknown_column_is_named(schema: Schema, record: dict[str, Any]) -> None:
    assert problem_of([{**record, "Shoe size": 43}], schema) == (0, "Shoe size", "is not a known column")


def test_an_ignored_column_may_hold_anything(schema: Schema, record: dict[str, Any]) -> None:
    assert "Phone" not in check_records([{**record, "Phone": [None]}], schema)


def test_a_record_that_is_no_object_is_named(schema: Schema) -> None:
    assert problem_of(["yes"], schema)[::2] == (0, "a record must be a JSON object")


def test_many_problems_are_cut_short(schema: Schema) -> None:
    with pytest.raises(InvalidRecords) as raised:
        check_records([{}] * 1000, schema)
    assert len(raised.value.problems) == 20


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_a_file_becomes_a_table_and_labels(schema: Schema) -> None:
    table, labels = read_table([HEADER, ROW, "no,510,,,7,False."], schema, LABEL)
    assert labels == [True, False]
    assert table == {
        "Plan": ["yes", "no"],
        "Area": ["415", "510"],
        "Minutes": [250.0, None],
        "Calls": [10.0, 7.0],
    }


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "empty"),
        ([""], "empty"),
        ([HEADER], "there is a header but no row"),
        (["Plan,Area,Minutes,Churn?", ROW], "row 1: column 'Calls' is missing"),
        ([HEADER.replace(",Churn?", ""), ROW], "row 1: column 'Churn\\?' is missing"),
        ([HEADER + ",Extra", ROW + ",1"], "row 1: column 'Extra' is not in the schema"),
        ([HEADER + ",Calls", ROW + ",1"], "row 1: column 'Calls' is there twice"),
        ([HEADER, ROW, ROW.replace("250.0", "long")], "row 3, column 'Minutes': 'long' is not a number"),
        ([HEADER, ROW.replace("250.0", "inf")], "row 2, column 'Minutes': 'inf' is too large"),
        ([HEADER, ROW, "yes,415"], "row 3: has 2 values where the header has 6"),
        ([HEADER, ROW.replace("True.", "maybe")], "row 2, column 'Churn\\?': 'maybe' is neither 'True.' nor"),
        ([HEADER, ROW.replace("True.", "")], "row 2, column 'Churn\\?'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_row_and_column(
    schema: Schema, lines: list[str], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        read_table(lines, schema, LABEL)


def test_blank_lines_do_not_shift_row_numbers(schema: Schema) -> None:
    with pytest.raises(InvalidRecords, match="row 4, column 'Calls'"):
        read_table([HEADER, ROW, "", ROW.replace(",10,", ",x,")], schema, LABEL)
