"""Intrinsic functions give what CloudFormation gives."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.cloudformation.errors import ValidationError
from localaws.services.cloudformation.intrinsics import Scope, evaluate, references

SCOPE = Scope(
    values={"Name": "churn", "Items": ["a", "b"], "AWS::Region": "eu-west-1"},
    mappings={"Sizes": {"small": {"Type": "ml.t3.medium"}}},
    conditions={"Yes": True, "No": False},
    ref=lambda name: f"id-of-{name}",
    get_att=lambda name, attribute: f"{attribute}-of-{name}",
    import_value=lambda name: f"imported-{name}",
)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Name"}, "churn"),
        ({"Ref": "Bucket"}, "id-of-Bucket"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Arn-of-Bucket"),
        ({"Fn::GetAtt": "Bucket.Arn"}, "Arn-of-Bucket"),
        ({"Fn::Sub": "${Name}/${Bucket.Arn}/${!Literal}"}, "churn/Arn-of-Bucket/${Literal}"),
        ({"Fn::Sub": ["${Local}-${Name}", {"Local": {"Ref": "Bucket"}}]}, "id-of-Bucket-churn"),
        ({"Fn::Join": [",", {"Ref": "Items"}]}, "a,b"),
        ({"Fn::Split": ["/", "x/y"]}, ["x", "y"]),
        ({"Fn::Select": ["1", {"Ref": "Items"}]}, "b"),
        ({"Fn::If": ["Yes", "one", "two"]}, "one"),
        ({"Fn::If": ["No", "one", "two"]}, "two"),
        ({"Fn::Equals": [{"Ref": "Name"}, "churn"]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::Not": [{"Condition": "No"}]}, True),
        ({"Fn::FindInMap": ["Sizes", "small", "Type"]}, "ml.t3.medium"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-key"}}, "imported-churn-key"),
        ({"Fn::Base64": "hello"}, "aGVsbG8="),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::Join": ["", ["x", True, 3]]}, "xtrue3"),
    ],
)
def test_a_function_gives_its_result(value: Any, result: Any) -> None:
    assert evaluate(value, SCOPE) == result


def test_no_value_takes_its_property_and_list_item_away() -> None:
    value = {"Gone": {"Ref": "AWS::NoValue"}, "Kept": ["a", {"Fn::If": ["No", "b", {"Ref": "AWS::NoValue"}]}]}
    assert evaluate(value, SCOPE) == {"Kept": ["a"]}


def test_a_policy_s_condition_is_no_function() -> None:
    statement = {"Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "Name"}}}}
    assert evaluate(statement, SCOPE) == {"Condition": {"StringEquals": {"aws:SourceAccount": "churn"}}}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"Fn::Select": [5, ["a"]]}, "nonexistent value at index 5"),
        ({"Fn::FindInMap": ["Sizes", "large", "Type"]}, "Unable to get mapping for Sizes::large::Type"),
        ({"Fn::Join": ["only one"]}, "every Fn::Join object requires 2 parameters"),
        ({"Fn::ForEach::X": []}, "does not support the function Fn::ForEach::X"),
        ({"Fn::If": ["Unknown", 1, 2]}, "unresolved condition dependency Unknown"),
    ],
)
def test_wrong_use_is_refused_in_words(value: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        evaluate(value, SCOPE)


def test_references_follow_the_branch_that_is_taken() -> None:
    value = {"Fn::If": ["No", {"Ref": "Left"}, {"Fn::Sub": "${Right.Arn} ${Own} ${!Not}"}]}
    assert set(references(value, {"No": False})) == {"Right", "Own"}
    assert set(references(value, {})) == {"Left", "Right", "Own"}
