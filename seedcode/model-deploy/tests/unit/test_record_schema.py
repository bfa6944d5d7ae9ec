"""What a record is, and how one is broken as far as the schema has rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployment.deployment_errors import UserError
from deployment.record_schema import read_record_schema, ways_to_break

STRICT = {
    "type": "object",
    "properties": {"a": {"type": ["object", "null"]}, "b": {"type": ["number", "null"]}},
    "required": ["b", "a"],
    "additionalProperties": False,
}


def test_each_rule_of_a_schema_can_be_broken() -> None:
    record = {"a": None, "b": 1}
    broken = {name: way(record) for name, way in ways_to_break(STRICT).items()}
    assert broken == {
        "no_object": 5,
        "without_a_column": {"a": None},
        "with_an_unknown_column": {"a": None, "b": 1, "Shoe Size": 43},
        "with_a_wrong_type": {"a": None, "b": {}},
    }


def test_what_a_schema_leaves_open_is_no_fault() -> None:
    assert list(ways_to_break({"type": "object"})) == ["no_object"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "is not valid JSON"), ('{"type": "array"}', "must describe an object"), ("[]", "must describe")],
)
def test_a_schema_that_is_none_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "record.schema.json"
    path.write_text(text)
    with pytest.raises(UserError, match=complaint):
        read_record_schema(path)


def test_a_missing_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no record\.schema\.json"):
        read_record_schema(tmp_path / "record.schema.json")
