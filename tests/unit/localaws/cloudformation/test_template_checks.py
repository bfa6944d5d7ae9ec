"""A template is refused where CloudFormation refuses it, and where localaws would have to pretend."""

from __future__ import annotations

import pytest

from localaws.services.cloudformation.assertions import check_rules
from localaws.services.cloudformation.errors import ValidationError
from localaws.services.cloudformation.template import parse_template

TOPIC = "Resources: {T: {Type: 'AWS::SNS::Topic'}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Description: nothing", "At least one Resources member must be defined"),
        (TOPIC + "Resource: {}", r"Invalid template property or properties \[Resource\]"),
        (TOPIC + "Transform: AWS::LanguageExtensions", "template transforms: AWS::LanguageExtensions"),
        ("Resources: {T: {Properties: {}}}", "Resource T must have a Type member"),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Property: {}}}",
            "Invalid template resource property 'Property'",
        ),
        ("Resources: {my-topic: {Type: 'AWS::SNS::Topic'}}", "my-topic is non alphanumeric"),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref Missing}}}",
            r"Unresolved resource dependencies \[Missing\]",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Condition: Missing}}",
            "Unresolved condition dependency Missing",
        ),
        ("Resources: {T: {Type: 'AWS::SNS::Topic', DeletionPolicy: Snapshot}}", "DeletionPolicy Snapshot"),
        (
            "Resources:\n  A: {Type: 'AWS::SNS::Topic', DependsOn: B}\n  B: {Type: 'AWS::SNS::Topic', DependsOn: A}",
            r"Circular dependency between resources: \[A, B\]",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref T}}}",
            r"Circular dependency between resources: \[T\]",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !If [Missing, a, b]}}}",
            "Unresolved condition dependency Missing in the Resources block",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !FindInMap [M, a, b]}}}",
            "Mapping named 'M' is not present",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', UpdatePolicy: {}}}",
            r"localaws does not support UpdatePolicy \(resource T\)",
        ),
        (TOPIC + "AWSTemplateFormatVersion: 2020-12-01", "unsupported value for AWSTemplateFormatVersion"),
        (TOPIC + "Outputs: {O: {Description: x}}", "Output O must have a Value member"),
        (TOPIC + "Outputs: {O: {Value: x, Condition: Missing}}", "Missing in the Outputs block"),
        (TOPIC + "Parameters: {P: {Type: Text}}", "Unrecognized parameter type: Text"),
    ],
)
def test_a_wrong_template_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        parse_template(text)


def test_conditions_may_use_each_other_in_any_order() -> None:
    template = parse_template(
        TOPIC
        + "Conditions: {A: !Not [!Condition B], B: !Equals [!Ref 'AWS::Region', x], C: !And [!Condition A, "
        "!Condition A]}"
    )
    assert template.evaluate_conditions({"AWS::Region": "y"}) == {"A": True, "B": False, "C": True}


def test_conditions_that_need_each_other_are_refused() -> None:
    template = parse_template(TOPIC + "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}")
    with pytest.raises(ValidationError, match="Circular dependency between conditions"):
        template.evaluate_conditions({})


def test_a_rule_s_assertion_fails_with_its_description() -> None:
    rules = {
        "Together": {
            "RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, ""]}]},
            "Assertions": [
                {"Assert": {"Fn::Contains": [["x", "y"], {"Ref": "B"}]}, "AssertDescription": "B goes with A"}
            ],
        }
    }
    check_rules(rules, {"A": "", "B": "z"})
    check_rules(rules, {"A": "1", "B": "y"})
    with pytest.raises(ValidationError, match="Rule Together: B goes with A"):
        check_rules(rules, {"A": "1", "B": "z"})
