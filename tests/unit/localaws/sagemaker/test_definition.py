"""A definition that could not run is refused when the pipeline is made, by what is wrong with it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.definition import parse
from localaws.services.sagemaker.expressions import ExpressionError, holds, resolve, tokens
from localaws.services.sagemaker.step_state import StepFailed
from localaws.services.sagemaker.steps import duration

ROLE = "arn:aws:iam::123456789012:role/worker"


def training(name: str = "Train", **changes: Any) -> dict[str, Any]:
    arguments = {
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": "x:1", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
        "ResourceConfig": {
            "InstanceCount": {"Get": "Parameters.Count"},
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 5,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **changes,
    }
    return {"Name": name, "Type": "Training", "Arguments": arguments}


def document(*steps: dict[str, Any], **changes: Any) -> str:
    parameters = [
        {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Text", "Type": "String", "DefaultValue": "a"},
    ]
    return json.dumps({"Version": "2020-12-01", "Parameters": parameters, "Steps": list(steps), **changes})


def condition(*items: dict[str, Any], **branches: Any) -> dict[str, Any]:
    arguments = {"Conditions": list(items), "IfSteps": [], "ElseSteps": [], **branches}
    return {"Name": "Check", "Type": "Condition", "Arguments": arguments}


def test_a_step_needs_what_it_refers_to_and_what_it_depends_on() -> None:
    second = training("Second", HyperParameters={"arn": {"Get": "Steps.Train.TrainingJobArn"}})
    third = {**training("Third"), "DependsOn": ["Second"]}
    inner = training("Inner")
    equals = {"Type": "Equals", "LeftValue": {"Get": "Steps.Third.TrainingJobName"}, "RightValue": "x"}
    definition = parse(document(training(), second, third, condition(equals, IfSteps=[inner])))
    assert definition.steps["Second"].needs == {"Train"}
    assert definition.steps["Third"].needs == {"Second"}
    assert definition.steps["Check"].needs == {"Third"}
    assert definition.steps["Inner"].needs == {"Check"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is not JSON"),
        (document(training(), Version="1"), "Version must be"),
        (document(), "it has no steps"),
        (document(training(), training()), "Train is there twice"),
        (document({"Name": "T", "Type": "EMR", "Arguments": {}}), "does not support the type EMR of step T"),
        (document({**training(), "DependsOn": ["Nobody"]}), "depends on .'Nobody'."),
        (
            document(training(HyperParameters={"a": {"Get": "Parameters.Nothing"}})),
            "refers to Parameters.Nothing, which does not exist",
        ),
        (
            document(training(), training("B", HyperParameters={"a": {"Get": "Steps.Train.ModelArtefacts"}})),
            "refers to Steps.Train.ModelArtefacts, which does not exist",
        ),
        (document(training(HyperParameters={"a": {"Get": "Execution.Today"}})), "Execution.Today"),
        (document(training(Colour="red")), 'Unknown parameter in input: "Colour"'),
        (document(training(RoleArn=7)), "Invalid type for parameter RoleArn"),
        (
            document(training(HyperParameters={"depth": {"Get": "Parameters.Count"}})),
            "Invalid type for parameter HyperParameters.depth, value: 1, type: <class 'int'>",
        ),
        (
            document({**training("A"), "DependsOn": ["B"]}, {**training("B"), "DependsOn": ["A"]}),
            "depend on each other in a cycle",
        ),
        (document(condition({"Type": "Roughly"})), "condition type Roughly"),
        (document(condition({"Type": "Equals", "LeftValue": 1})), "needs .'RightValue'."),
        (document({"Name": "F", "Type": "Fail", "Arguments": {}}), "needs an ErrorMessage"),
        (
            document(training(), Parameters=[{"Name": "Count", "Type": "Integer", "DefaultValue": "1"}]),
            "is not of type Integer",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        parse(text)


def test_a_parameter_without_a_default_must_be_given() -> None:
    definition = parse(document(training(), Parameters=[{"Name": "Count", "Type": "Integer"}]))
    with pytest.raises(ValidationError, match="Count"):
        definition.values({})
    assert definition.values({"Count": "2"}) == {"Count": 2}


class Values:
    """What expressions of a test see."""

    parameters = {"Count": 2, "Flag": True, "Name": "x"}  # noqa: RUF012 - one scope for all, never changed
    execution = {"PipelineExecutionId": "abc"}  # noqa: RUF012

    def properties(self, step: str) -> dict[str, Any]:
        return {"Outputs": [{"OutputName": "train", "S3Uri": f"s3://{step}"}], "Numbers": [1, 2]}

    def property_file(self, step: str, name: str) -> Any:
        return {"a b": [{"auc": 0.93}], "step": step, "name": name}

    def json_object(self, uri: str) -> Any:
        return {"uri": uri}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Get": "Parameters.Count"}, 2),
        ({"Get": "Execution.PipelineExecutionId"}, "abc"),
        ({"Get": "Steps.Prepare-1.Outputs['train'].S3Uri"}, "s3://Prepare-1"),
        ({"Get": "Steps.A.Numbers[1]"}, 2),
        (
            {
                "Std:Join": {
                    "On": "/",
                    "Values": ["s3:/", {"Get": "Parameters.Name"}, {"Get": "Parameters.Flag"}],
                }
            },
            "s3://x/true",
        ),
        (
            {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.A.PropertyFiles.F"}, "Path": "['a b'][0].auc"}},
            0.93,
        ),
        ({"Std:JsonGet": {"S3Uri": {"Std:Join": {"Values": ["s3://", "b/k"]}}, "Path": "$.uri"}}, "s3://b/k"),
        ({"list": [{"Get": "Parameters.Name"}]}, {"list": ["x"]}),
    ],
)
def test_an_expression_becomes_its_value(expression: Any, value: Any) -> None:
    assert resolve(expression, Values()) == value


@pytest.mark.parametrize("path", ["Steps.A.Nothing", "Steps.A.Outputs['test'].S3Uri", "Steps.A.Numbers[7]"])
def test_a_value_that_is_not_there_is_named(path: str) -> None:
    with pytest.raises(ExpressionError, match="does not exist"):
        resolve({"Get": path}, Values())


def test_a_path_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ExpressionError, match="cannot read the path"):
        tokens("a[")


def compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (compare("Equals", {"Get": "Parameters.Count"}, 2), True),
        (compare("GreaterThan", 2, 2), False),
        (compare("GreaterThanOrEqualTo", 2.0, 2), True),
        (compare("LessThan", 1, 2), True),
        (compare("LessThanOrEqualTo", 3, 2), False),
        ({"Type": "In", "QueryValue": {"Get": "Parameters.Name"}, "Values": ["x", "y"]}, True),
        ({"Type": "Not", "Expression": compare("Equals", 1, 1)}, False),
        ({"Type": "Or", "Conditions": [compare("Equals", 1, 2), compare("Equals", 1, 1)]}, True),
    ],
)
def test_a_condition_holds_or_does_not(item: dict[str, Any], expected: bool) -> None:
    assert holds(item, Values()) is expected


def test_values_that_cannot_be_compared_are_an_error() -> None:
    with pytest.raises(ExpressionError, match="cannot compare"):
        holds(compare("LessThan", "a", 1), Values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P30D", timedelta(days=30)),
        ("p1dt2h", timedelta(days=1, hours=2)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1Y", timedelta(days=365)),
    ],
)
def test_an_iso_duration_is_read(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


def test_a_duration_that_is_none_fails_the_step() -> None:
    with pytest.raises(StepFailed, match="not an ISO 8601 duration"):
        duration("one day")
