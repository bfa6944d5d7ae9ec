"""Parameters are checked as CloudFormation checks them."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.cloudformation.errors import ValidationError
from localaws.services.cloudformation.parameters import parameter_texts, parameter_values, parse_parameter


def texts(entry: dict[str, Any], value: str) -> dict[str, str]:
    return parameter_texts(
        {"P": parse_parameter("P", entry)}, [{"ParameterKey": "P", "ParameterValue": value}], {}
    )


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ({"Type": "String", "AllowedPattern": "^[a-z]+$"}, "abc"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 10}, "10"),
        ({"Type": "String", "AllowedValues": [True, "x"]}, "true"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]*"}, "a,b"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}, ""),
    ],
)
def test_a_value_within_the_constraints_is_taken(entry: dict[str, Any], value: str) -> None:
    assert texts(entry, value) == {"P": value}


@pytest.mark.parametrize(
    ("entry", "value", "said"),
    [
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A1", r"Parameter 'P' must match pattern"),
        ({"Type": "String", "AllowedValues": ["a"]}, "b", "must be one of AllowedValues"),
        ({"Type": "String", "MinLength": 2}, "x", "must contain at least 2 characters"),
        ({"Type": "String", "MaxLength": "2"}, "xyz", "must contain at most 2 characters"),
        ({"Type": "Number"}, "many", "must be a number"),
        ({"Type": "Number", "MinValue": 1}, "0", "not less than 1"),
        ({"Type": "List<Number>", "MaxValue": 5}, "1,9", "not greater than 5"),
        (
            {"Type": "String", "AllowedPattern": "a", "ConstraintDescription": "must be an a"},
            "b",
            "Parameter P failed to satisfy constraint: must be an a",
        ),
    ],
)
def test_a_value_outside_is_refused(entry: dict[str, Any], value: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        texts(entry, value)


def test_missing_unknown_and_previous_values() -> None:
    declared = {name: parse_parameter(name, {"Type": "String"}) for name in ("A", "B")}
    with pytest.raises(ValidationError, match=r"Parameters: \[A, B\] must have values"):
        parameter_texts(declared, [], {})
    with pytest.raises(ValidationError, match=r"Parameters: \[C\] do not exist in the template"):
        parameter_texts(declared, [{"ParameterKey": "C", "ParameterValue": "1"}], {})
    previous = [{"ParameterKey": name, "UsePreviousValue": True} for name in ("A", "B")]
    assert parameter_texts(declared, previous, {"A": "1", "B": "2"}) == {"A": "1", "B": "2"}
    with pytest.raises(ValidationError, match="usePreviousValue"):
        parameter_texts(declared, previous, {})


def test_lists_and_ssm_parameters_are_resolved() -> None:
    declared = {
        "List": parse_parameter("List", {"Type": "CommaDelimitedList"}),
        "Stored": parse_parameter("Stored", {"Type": "AWS::SSM::Parameter::Value<String>"}),
        "Several": parse_parameter("Several", {"Type": "AWS::SSM::Parameter::Value<List<String>>"}),
        "Name": parse_parameter("Name", {"Type": "AWS::SSM::Parameter::Name"}),
    }
    given = {"List": "a, b", "Stored": "/x", "Several": "/y", "Name": "/z"}
    assert parameter_values(declared, given, lambda name: f"{name},1") == {
        "List": ["a", "b"],
        "Stored": "/x,1",
        "Several": ["/y", "1"],
        "Name": "/z",
    }


def test_a_secret_value_is_never_shown() -> None:
    assert parse_parameter("P", {"Type": "String", "NoEcho": "true"}).shown("secret") == "****"
