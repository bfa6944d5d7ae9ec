"""Raw records: what is taken, and what is refused with record and column named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference_api.api_errors import UserError
from inference_api.record_schema import MAX_DETAILS, RecordSchema
from tests.conftest import SCHEMA


def parse_records(text: str) -> list[dict[str, Any]]:
    return RecordSchema(SCHEMA).parse(text)


def refusal(content: object) -> UserError:
    with pytest.raises(UserError) as caught:
        parse_records(content if isinstance(content, str) else json.dumps(content))
    return caught.value


def test_a_single_record_becomes_a_list_of_one(record: dict[str, Any]) -> None:
    assert parse_records(json.dumps(record)) == [record]


def test_a_hundred_records_are_taken(record: dict[str, Any]) -> None:
    assert len(parse_records(json.dumps([record] * 100))) == 100


@pytest.mark.parametrize("count", [0, 101])
def test_an_empty_list_and_one_of_too_many_are_refused(record: dict[str, Any], count: int) -> None:
    error = refusal([record] * count)
    assert (error.status, error.code) == (400, "invalid_request")
    assert f"this list has {count}" in error.message


def test_a_record_without_what_may_be_missing_and_with_nulls_is_taken(record: dict[str, Any]) -> None:
    del record["Phone"]
    record["Day Mins"] = None
    assert parse_records(json.dumps(record)) == [record]


@pytest.mark.parametrize("area_code", [415, "415", None])
def test_the_area_code_may_be_a_number_a_string_or_missing(record: dict[str, Any], area_code: object) -> None:
    record["Area Code"] = area_code
    assert parse_records(json.dumps(record)) == [record]


def test_a_missing_column_is_named(record: dict[str, Any]) -> None:
    del record["Day Mins"]
    error = refusal(record)
    assert error.code == "invalid_record"
    assert error.details == [{"record": 0, "column": "Day Mins", "message": "'Day Mins' is missing."}]


def test_an_unknown_column_is_named(record: dict[str, Any]) -> None:
    error = refusal(record | {"Shoe Size": 43})
    assert error.details == [
        {"record": 0, "column": "Shoe Size", "message": "'Shoe Size' is not a column of a record."}
    ]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("Day Mins", "many", "'Day Mins' must be number or null, not string."),
        ("Day Calls", True, "'Day Calls' must be number or null, not boolean."),
        ("State", 7, "'State' must be string or null, not number."),
        ("Int'l Plan", {"plan": "yes"}, "'Int'l Plan' must be string, not object."),
        ("Area Code", 415.5, "'Area Code' must be integer or string or null, not number."),
    ],
)
def test_a_wrong_type_is_named_with_what_was_expected(
    record: dict[str, Any], column: str, value: object, message: str
) -> None:
    record[column] = value
    assert refusal(record).details == [{"record": 0, "column": column, "message": message}]


def test_every_fault_of_every_record_is_reported_with_its_index(record: dict[str, Any]) -> None:
    second = record | {"State": 1, "Extra": 2}
    del second["Day Mins"]
    error = refusal([record, second, 5])
    assert [(detail["record"], detail.get("column")) for detail in error.details] == [
        (1, "Day Mins"),
        (1, "State"),
        (1, "Extra"),
        (2, None),
    ]
    assert error.message == "Record 1: 'Day Mins' is missing. 3 more in the details."


def test_the_report_is_bounded() -> None:
    assert len(refusal([{}] * 100).details) == MAX_DETAILS


@pytest.mark.parametrize("text", ["{", "", "NaN", "[1e999]", "[Infinity]", "[" * 100_000])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    assert refusal(text).code == "invalid_json"


@pytest.mark.parametrize("text", ["5", "null", '"churn"', "true"])
def test_json_that_is_no_record_is_refused(text: str) -> None:
    assert refusal(text).details == [{"record": 0, "message": "A record must be a JSON object."}]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("Int'l Plan", "perhaps", "'Int'l Plan' must be one of ['yes', 'no']."),
        ("State", "K", "'State' must be longer than or equal to 2 characters."),
    ],
)
def test_a_value_that_breaks_another_rule_is_named_with_the_rule(
    record: dict[str, Any], column: str, value: object, message: str
) -> None:
    record[column] = value
    assert refusal(record).details == [{"record": 0, "column": column, "message": message}]


def test_a_rule_of_the_whole_record_is_told() -> None:
    schema = RecordSchema({"$schema": SCHEMA["$schema"], "type": "object", "minProperties": 1})
    assert schema.parse('{"anything": [1]}') == [{"anything": [1]}]
    with pytest.raises(UserError, match="The record must contain at least 1 properties"):
        schema.parse("{}")


def test_columns_that_are_not_sent_are_no_columns_of_the_model(record: dict[str, Any]) -> None:
    schema = RecordSchema(SCHEMA)
    assert schema.sent_columns == ["State", "Area Code", "Int'l Plan", "Day Mins", "Day Calls"]
    assert schema.sent(record) == {name: value for name, value in record.items() if name != "Phone"}
    assert schema.sent(record | {"More": 1})["More"] == 1


def test_the_project_s_own_schema_describes_an_object_whose_columns_can_be_checked() -> None:
    schema = RecordSchema.from_file()
    with pytest.raises(UserError, match="A record must be a JSON object"):
        schema.parse("5")
