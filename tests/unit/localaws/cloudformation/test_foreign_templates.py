"""Templates as other people write them become stacks, change, and go without a trace."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, Stacks

FOREIGN = Path(__file__).parent / "foreign"
STUDIO = (FOREIGN / "studio.yaml").read_text()
NAMED = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}


def parameters(**values: str) -> dict[str, Any]:
    """Return parameters as the API takes them."""
    return {
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        **NAMED,
    }


@pytest.fixture
def owner(stacks: Stacks) -> None:
    """Put the parameter that the templates take from Parameter Store."""
    stacks.server.client("ssm", REGION).put_parameter(Name="/studio/owner", Value="ada", Type="String")


@pytest.mark.usefixtures("owner")
def test_a_studio_in_a_network_of_its_own_is_made_and_opened(stacks: Stacks) -> None:
    stack = stacks.create(STUDIO, "studio", **parameters(Team="reports"))
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.client.describe_stack_events(StackName="studio")
    outputs = stacks.outputs("studio")
    assert outputs["Instance"] == "ml.t3.medium"
    assert base64.b64decode(outputs["Encoded"]) == b"ada/grace"
    assert outputs["Block"] == "10.1.1.0/24"
    assert "Gateway" not in outputs
    sagemaker = stacks.server.client("sagemaker", REGION)
    person = sagemaker.describe_user_profile(DomainId=outputs["Domain"], UserProfileName="ada")
    assert person["Status"] == "InService"
    token = stacks.physical_id("Token", "studio")
    secrets = stacks.server.client("secretsmanager", REGION)
    assert len(secrets.get_secret_value(SecretId=token)["SecretString"]) == 40
    assert secrets.describe_secret(SecretId=token)["Description"] == "The closed token of reports"
    opened = stacks.update(STUDIO, "studio", **parameters(Team="reports", Internet="yes", Size="large"))
    assert opened["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs("studio")["Gateway"].startswith("igw-")
    assert stacks.delete("studio")["StackStatus"] == "DELETE_COMPLETE"
    # What is retained is all that is left.
    assert [item["Name"] for item in stacks.server.client("s3", REGION).list_buckets()["Buckets"]] == [
        "reports-data-123456789012"
    ]
    assert sagemaker.list_domains()["Domains"] == []


@pytest.mark.usefixtures("owner")
def test_a_rule_of_a_template_refuses_what_does_not_go_together(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="A large Studio needs the internet"):
        stacks.create(STUDIO, "studio", **parameters(Team="reports", Size="large"))
    with pytest.raises(ClientError, match="small letters, digits and hyphens"):
        stacks.create(STUDIO, "studio", **parameters(Team="Reports"))


CHILD = {
    "Parameters": {"Names": {"Type": "CommaDelimitedList"}, "Kind": {"Type": "String", "Default": "String"}},
    "Resources": {
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": {"Ref": "Kind"}, "Value": {"Fn::Join": ["+", {"Ref": "Names"}]}},
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Parameter"}}},
}


def parent(url: str, **properties: Any) -> str:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": url, "Parameters": properties},
    }
    user = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Child", "Outputs.Name"]}},
    }
    return json.dumps({"Resources": {"Child": nested, "User": user}})


def put_child(stacks: Stacks) -> str:
    s3 = stacks.server.client("s3", REGION)
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="child.json", Body=json.dumps(CHILD).encode())
    return f"https://templates.s3.{REGION}.amazonaws.com/child.json"


def test_a_stack_holds_another_and_uses_its_outputs(stacks: Stacks) -> None:
    url, ssm = put_child(stacks), stacks.server.client("ssm", REGION)

    def value() -> str:
        name = ssm.get_parameter(Name=stacks.physical_id("User"))["Parameter"]["Value"]
        return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])

    stacks.create(parent(url, Names=["a", "b"]))
    assert value() == "a+b"
    assert stacks.update(parent(url, Names="a,c"))["StackStatus"] == "UPDATE_COMPLETE"
    assert value() == "a+c"
    child = stacks.physical_id("Child")
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.client.describe_stacks(StackName=child)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_a_child_that_fails_is_the_parent_s_reason_and_leaves_nothing(stacks: Stacks) -> None:
    url = put_child(stacks)
    assert stacks.create(parent(url, Names="a", Kind="Nonsense"))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "was not successfully created" in stacks.reason("s", "Child", "CREATE_FAILED")
    assert stacks.server.client("ssm", REGION).describe_parameters()["Parameters"] == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ({"Transform": "AWS::Include"}, "template transforms: AWS::Include"),
        (
            {"Resources": {"A": {"Type": "AWS::SageMaker::MonitoringSchedule"}}},
            "AWS::SageMaker::MonitoringSchedule",
        ),
        ({"Resources": {"A": {"Type": "AWS::EC2::Instance"}}}, "AWS::EC2::Instance"),
        ({"Resources": {"A": {"Type": "AWS::Made::Up"}}}, "Unrecognized resource types"),
    ],
)
def test_what_nothing_here_carries_out_is_refused_by_name(
    stacks: Stacks, template: dict[str, Any], words: str
) -> None:
    whole = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, **template}
    with pytest.raises(ClientError, match=words):
        stacks.create(json.dumps(whole))


def test_what_stands_around_an_application_is_made_and_goes(stacks: Stacks) -> None:
    made = stacks.create((FOREIGN / "plumbing.yaml").read_text(), "plumbing", **NAMED)
    assert made["StackStatus"] == "CREATE_COMPLETE", [
        (event["LogicalResourceId"], event.get("ResourceStatusReason"))
        for event in stacks.client.describe_stack_events(StackName="plumbing")["StackEvents"]
        if event["ResourceStatus"] == "CREATE_FAILED"
    ]
    outputs, server = stacks.outputs("plumbing"), stacks.server
    assert (outputs["User"], outputs["Connection"]) == ("ada", "PENDING")
    secret = server.client("secretsmanager", REGION).get_secret_value(SecretId=outputs["Login"])
    assert len(json.loads(secret["SecretString"])["password"]) == 20
    one, two = outputs["Groups"].split(",")
    listed = server.client("ec2", REGION).describe_security_groups(GroupIds=[one, two])["SecurityGroups"]
    rules = {group["GroupId"]: group["IpPermissions"][0] for group in listed}
    assert [pair["GroupId"] for pair in rules[one]["UserIdGroupPairs"]] == [two]
    assert rules[two]["Ipv6Ranges"][0]["CidrIpv6"] == "::/0"
    plan = server.client("apigateway", REGION).get_usage_plan(usagePlanId=outputs["Plan"])
    assert (plan["name"], plan["throttle"], plan["apiStages"][0]["stage"]) == (
        "plan",
        {"burstLimit": 5, "rateLimit": 2.5},
        "live",
    )
    assert stacks.delete("plumbing")["StackStatus"] == "DELETE_COMPLETE"
    assert server.client("ec2", REGION).describe_addresses()["Addresses"] == []
    assert server.client("apigateway", REGION).get_usage_plans()["items"] == []
