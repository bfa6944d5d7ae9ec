"""Dynamic references become the values of parameters and secrets when a resource is made or changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.services.cloudformation.dynamic_references import filled, look_up
from localaws.services.cloudformation.errors import ResourceFailure

from .conftest import REGION, Stacks

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
PARAMETERS = {"/plain": ("String", "ada"), "/plain:2": ("String", "bob"), "/secret": ("SecureString", "x")}


class Books:
    """Parameter Store and Secrets Manager in one."""

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        kind, value = PARAMETERS[Name]
        return {"Parameter": {"Type": kind, "Value": value}}

    def get_secret_value(self, *, SecretId: str, **version: str) -> dict[str, Any]:
        return {"SecretString": json.dumps({"of": SecretId, "number": 7, **version})}


def resolved(text: str, kind: str = "AWS::SSM::Parameter") -> Any:
    properties = {"Value": [text]}
    return filled(properties, look_up(properties, kind, lambda _: Books()))["Value"][0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain text", "plain text"),
        ("{{resolve:ssm:/plain}}", "ada"),
        ("<{{resolve:ssm:/plain:2}}/{{resolve:ssm:/plain}}>", "<bob/ada>"),
        ("{{resolve:secretsmanager:db:SecretString:of}}", "db"),
        ("{{resolve:secretsmanager:db::number}}", "7"),
        (f"{{{{resolve:secretsmanager:{SECRET}:SecretString:of}}}}", SECRET),
        ("{{resolve:secretsmanager:db:SecretString:VersionStage:AWSPREVIOUS}}", "AWSPREVIOUS"),
        ("{{resolve:secretsmanager:db}}", '{"of": "db", "number": 7}'),
    ],
)
def test_a_reference_is_replaced_by_its_value(text: str, value: str) -> None:
    assert resolved(text) == value


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("{{resolve:ssm:/secret}}", "AWS::SSM::Parameter", "is a SecureString"),
        ("{{resolve:ssm-secure:/secret:1}}", "AWS::SSM::Parameter", "AWS::SSM::Parameter/Properties/Value"),
        ("{{resolve:secretsmanager:db}}", "Custom::Thing", r"Secure references \(secretsmanager\)"),
        ("{{resolve:secretsmanager:db:SecretString:none}}", "AWS::SSM::Parameter", "JSONKey in SecretString"),
        ("{{resolve:secretsmanager:db:SecretBinary}}", "AWS::SSM::Parameter", "SecretString only"),
        ("{{resolve:vault:x}}", "AWS::SSM::Parameter", "no dynamic reference to vault"),
    ],
)
def test_a_reference_that_cannot_be_followed_fails_its_resource(text: str, kind: str, said: str) -> None:
    with pytest.raises(ResourceFailure, match=said):
        resolved(text, kind)


def test_a_resource_takes_the_value_of_its_last_change(stacks: Stacks) -> None:
    ssm = stacks.server.client("ssm", REGION)
    ssm.put_parameter(Name="/who", Value="ada", Type="String")

    def template(description: str) -> str:
        properties = {"Type": "String", "Value": "{{resolve:ssm:/who}}", "Description": description}
        parameter = {"Type": "AWS::SSM::Parameter", "Properties": properties}
        return json.dumps(
            {"Resources": {"P": parameter}, "Outputs": {"V": {"Value": {"Fn::GetAtt": "P.Value"}}}}
        )

    stacks.create(template("one"))
    assert stacks.outputs()["V"] == "ada"
    ssm.put_parameter(Name="/who", Value="bob", Type="String", Overwrite=True)
    stacks.update(template("two"))
    assert stacks.outputs()["V"] == "bob"
    ssm.delete_parameter(Name="/who")
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"
