"""Template text in JSON and YAML becomes the same plain data."""

from __future__ import annotations

import pytest

from localaws.services.cloudformation.documents import parse_document
from localaws.services.cloudformation.errors import ValidationError


def test_short_forms_are_written_out() -> None:
    data = parse_document("A: !Ref X\nB: !GetAtt X.Some.Name\nC: !Sub ['${V}', {V: !Ref Y}]\nD: !Condition Z")
    assert data == {
        "A": {"Ref": "X"},
        "B": {"Fn::GetAtt": ["X", "Some.Name"]},
        "C": {"Fn::Sub": ["${V}", {"V": {"Ref": "Y"}}]},
        "D": {"Condition": "Z"},
    }


def test_a_date_stays_the_text_that_was_written() -> None:
    assert parse_document("Version: 2012-10-17") == {"Version": "2012-10-17"}


def test_json_and_yaml_of_the_same_template_are_equal() -> None:
    assert parse_document('{"A": {"Ref": "X"}}') == parse_document("A: !Ref X")


def test_a_key_written_twice_is_refused_with_its_place() -> None:
    with pytest.raises(ValidationError, match=r"duplicate key 'A'.*line 2"):
        parse_document("A: 1\nA: 2")


@pytest.mark.parametrize("text", ["{", "A: [", "just text"])
def test_text_that_is_no_template_is_a_format_error(text: str) -> None:
    with pytest.raises(ValidationError, match="Template format error"):
        parse_document(text)
