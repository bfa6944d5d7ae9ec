"""Stacks are made, changed, rolled back and deleted as on AWS, with the resources that they speak of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, Stacks

TWO = """
Parameters: {Value: {Type: String, Default: one}, Name: {Type: String, Default: /first}}
Resources:
  Topic: {Type: "AWS::SNS::Topic", DeletionPolicy: Delete, Properties: {DisplayName: !Ref Value}}
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: !Ref Name, Type: String, Value: !Sub "${Value} ${Topic.TopicName}"}
Outputs: {Topic: {Value: !Ref Topic, Export: {Name: topic}}}
"""


def values(**given: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]


def parameters(stacks: Stacks) -> dict[str, str]:
    found = stacks.server.client("ssm", REGION).describe_parameters()["Parameters"]
    names = [item["Name"] for item in found]
    client = stacks.server.client("ssm", REGION)
    return {name: client.get_parameter(Name=name)["Parameter"]["Value"] for name in names}


def topics(stacks: Stacks) -> list[str]:
    return [item["TopicArn"] for item in stacks.server.client("sns", REGION).list_topics()["Topics"]]


def test_a_stack_makes_its_resources_in_order_and_its_outputs(stacks: Stacks) -> None:
    stack = stacks.create(TWO, Tags=[{"Key": "team", "Value": "churn"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    arn = stacks.outputs()["Topic"]
    assert parameters(stacks) == {"/first": f"one {arn.split(':')[-1]}"}
    assert stacks.history(logical_id="Topic") == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]
    tags = stacks.server.client("sns", REGION).list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "churn"}]


def test_deleting_a_stack_deletes_its_resources_and_frees_its_name(stacks: Stacks) -> None:
    first = stacks.create(TWO)
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert (parameters(stacks), topics(stacks)) == ({}, [])
    with pytest.raises(ClientError, match="Stack with id s does not exist"):
        stacks.client.describe_stacks(StackName="s")
    assert stacks.create(TWO)["StackId"] != first["StackId"]
    stacks.client.delete_stack(StackName="never-was")


def test_an_update_changes_in_place_or_replaces(stacks: Stacks) -> None:
    stacks.create(TWO)
    topic = stacks.physical_id("Topic")
    stack = stacks.update(TWO, Parameters=values(Value="two", Name="/second"))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.physical_id("Topic") == topic
    assert parameters(stacks) == {"/second": f"two {topic.split(':')[-1]}"}
    assert stacks.history()[-3:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]


def test_an_unnamed_resource_that_is_replaced_gets_a_name_of_its_own(stacks: Stacks) -> None:
    encrypted = "Properties: {EncryptionConfiguration: {EncryptionType: %s}}"
    template = "Resources: {Images: {Type: 'AWS::ECR::Repository', " + encrypted + "}}"
    stacks.create(template % "AES256")
    first = stacks.physical_id("Images")
    assert stacks.update(template % "KMS")["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.physical_id("Images") != first


def test_an_update_that_changes_nothing_is_refused(stacks: Stacks) -> None:
    stacks.create(TWO)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.client.update_stack(StackName="s", UsePreviousTemplate=True)


def test_tags_alone_are_an_update_that_reaches_the_resources(stacks: Stacks) -> None:
    stacks.create(TWO, Tags=[{"Key": "old", "Value": "1"}])
    stacks.update(TWO, Tags=[{"Key": "new", "Value": "2"}])
    tags = stacks.server.client("sns", REGION).list_tags_for_resource(ResourceArn=stacks.physical_id("Topic"))
    assert tags["Tags"] == [{"Key": "new", "Value": "2"}]


def test_a_resource_that_leaves_the_template_is_deleted_in_clean_up(stacks: Stacks) -> None:
    stacks.create(TWO)
    without = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: one}}}"
    assert stacks.update(without)["StackStatus"] == "UPDATE_COMPLETE"
    assert parameters(stacks) == {}
    assert stacks.history(logical_id="Parameter")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_a_failed_create_rolls_everything_back(stacks: Stacks) -> None:
    ssm = stacks.server.client("ssm", REGION)
    ssm.put_parameter(Name="/first", Type="String", Value="taken")
    stack = stacks.create(TWO)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert topics(stacks) == []
    assert "already exists" in stacks.reason("s", "Parameter", "CREATE_FAILED")
    assert stacks.reason("s", "s", "ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [Parameter]. Rollback requested by user."
    )
    assert parameters(stacks) == {"/first": "taken"}
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        stacks.client.update_stack(StackName="s", TemplateBody=TWO)


@pytest.mark.parametrize(
    ("arguments", "status", "left"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", 1),
        ({"DisableRollback": True}, "CREATE_FAILED", 1),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", 0),
    ],
)
def test_on_failure_decides_what_a_failed_create_leaves(
    stacks: Stacks, arguments: dict[str, Any], status: str, left: int
) -> None:
    stacks.server.client("ssm", REGION).put_parameter(Name="/first", Type="String", Value="taken")
    stack_id = stacks.client.create_stack(StackName="s", TemplateBody=TWO, **arguments)["StackId"]
    assert stacks.settled(stack_id)["StackStatus"] == status
    assert len(topics(stacks)) == left


def test_a_failed_update_turns_back_what_it_had_changed(stacks: Stacks) -> None:
    stacks.create(TWO)
    topic = stacks.physical_id("Topic")
    before = parameters(stacks)
    stacks.server.client("ssm", REGION).put_parameter(Name="/taken", Type="String", Value="x")
    stack = stacks.update(TWO, Parameters=values(Value="two", Name="/taken"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert parameters(stacks) == before | {"/taken": "x"}
    sns = stacks.server.client("sns", REGION)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "one"
    assert stacks.update(TWO, Parameters=values(Value="three"))["StackStatus"] == "UPDATE_COMPLETE"


def test_what_a_failed_update_had_added_is_deleted(stacks: Stacks) -> None:
    stacks.create(TWO)
    added = TWO.replace(
        "Resources:\n",
        "Resources:\n  New: {Type: 'AWS::SNS::Topic'}\n  Bad: {Type: 'AWS::SSM::Parameter', "
        "DependsOn: New, Properties: {Name: /first, Type: String, Value: x}}\n",
    )
    assert stacks.update(added)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert topics(stacks) == [stacks.physical_id("Topic")]
    names = [
        item["LogicalResourceId"]
        for item in stacks.client.list_stack_resources(StackName="s")["StackResourceSummaries"]
    ]
    assert sorted(names) == ["Parameter", "Topic"]


@pytest.mark.parametrize(
    ("policy", "fails", "kept"),
    [
        ("Retain", False, 1),
        ("Retain", True, 1),
        ("RetainExceptOnCreate", False, 1),
        ("RetainExceptOnCreate", True, 0),
    ],
)
def test_deletion_policies_keep_resources(stacks: Stacks, policy: str, fails: bool, kept: int) -> None:
    template = TWO.replace("DeletionPolicy: Delete", f"DeletionPolicy: {policy}")
    if fails:
        stacks.server.client("ssm", REGION).put_parameter(Name="/first", Type="String", Value="taken")
    stacks.create(template)
    if not fails:
        assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert len(topics(stacks)) == kept


def test_a_failed_delete_says_why_and_can_go_on_without_the_resource(stacks: Stacks) -> None:
    stacks.create("Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: full}}}")
    s3 = stacks.server.client("s3", REGION)
    s3.put_object(Bucket="full", Key="x", Body=b"x")
    stack = stacks.delete()
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to delete: [Bucket]."
    assert "not empty" in stacks.reason("s", "Bucket", "DELETE_FAILED")
    stacks.client.delete_stack(StackName="s", RetainResources=["Bucket"])
    assert stacks.settled(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    s3.head_bucket(Bucket="full")


def test_an_export_binds_the_stack_that_it_comes_from(stacks: Stacks) -> None:
    stacks.create(TWO)
    properties = "{Name: /p, Type: String, Value: !ImportValue topic}"
    user = f"Resources: {{P: {{Type: 'AWS::SSM::Parameter', Properties: {properties}}}}}"
    stacks.create(user, "user")
    assert parameters(stacks)["/p"] == stacks.outputs()["Topic"]
    assert stacks.client.list_imports(ExportName="topic")["Imports"] == ["user"]
    failed = stacks.delete()
    assert failed["StackStatus"] == "DELETE_FAILED"
    assert failed["StackStatusReason"] == "Export topic cannot be deleted as it is in use by user"
    stacks.delete("user")
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_the_same_token_makes_one_stack_and_the_same_name_only_one(stacks: Stacks) -> None:
    first = stacks.client.create_stack(StackName="s", TemplateBody=TWO, ClientRequestToken="t")["StackId"]
    assert (
        stacks.client.create_stack(StackName="s", TemplateBody=TWO, ClientRequestToken="t")["StackId"]
        == first
    )
    with pytest.raises(ClientError, match=r"AlreadyExistsException.*Stack \[s\] already exists"):
        stacks.client.create_stack(StackName="s", TemplateBody=TWO)
    stacks.settled("s")


def test_iam_resources_need_their_capability(stacks: Stacks) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = (
        f"Resources: {{R: {{Type: 'AWS::IAM::Role', Properties: {{AssumeRolePolicyDocument: {document}}}}}}}"
    )
    named = role.replace("Properties: {", "Properties: {RoleName: r, ")
    for template, needed in ((role, "CAPABILITY_IAM"), (named, "CAPABILITY_NAMED_IAM")):
        with pytest.raises(ClientError, match=rf"Requires capabilities : \[{needed}\]"):
            stacks.client.create_stack(StackName="s", TemplateBody=template)
    assert stacks.create(named, Capabilities=["CAPABILITY_NAMED_IAM"])["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Resources: {W: {Type: 'AWS::CloudFormation::Macro'}}", "AWS::CloudFormation::Macro"),
        ("Resources: {W: {Type: 'AWS::SNS::Topick'}}", r"Unrecognized resource types: \[AWS::SNS::Topick\]"),
    ],
)
def test_an_unknown_type_is_refused_before_anything_is_made(stacks: Stacks, template: str, said: str) -> None:
    with pytest.raises(ClientError, match=said):
        stacks.client.create_stack(StackName="s", TemplateBody=template)
    assert stacks.client.list_stacks()["StackSummaries"] == []


def test_a_template_can_come_from_s3(stacks: Stacks) -> None:
    s3 = stacks.server.client("s3", REGION)
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="a/t.yaml", Body=TWO.encode())
    for host in (
        "templates.s3.amazonaws.com/",
        "templates.s3.us-east-1.amazonaws.com/",
        "s3.amazonaws.com/templates/",
    ):
        summary = stacks.client.get_template_summary(TemplateURL=f"https://{host}a/t.yaml")
        assert summary["ResourceTypes"] == ["AWS::SNS::Topic", "AWS::SSM::Parameter"]
    with pytest.raises(ClientError, match="S3 error: The specified key does not exist"):
        stacks.client.validate_template(TemplateURL="https://templates.s3.amazonaws.com/missing.yaml")
    with pytest.raises(ClientError, match="TemplateURL must be a supported URL"):
        stacks.client.validate_template(TemplateURL="https://example.com/t.yaml")


def test_a_stack_acts_as_its_service_role(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="role/missing is invalid or cannot be assumed"):
        stacks.create(TWO, RoleARN="arn:aws:iam::123456789012:role/missing")
    iam = stacks.server.client("iam", REGION)
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    assert stacks.create(TWO, RoleARN=arn)["RoleARN"] == arn
    assert iam.get_role(RoleName="deployer")["Role"]["RoleLastUsed"]["LastUsedDate"]


def test_a_protected_stack_cannot_be_deleted(stacks: Stacks) -> None:
    stacks.create(TWO, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        stacks.client.delete_stack(StackName="s")
    stacks.client.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_an_operation_that_is_not_there_is_refused_by_name(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="localaws does not support the operation SignalResource"):
        stacks.client.signal_resource(StackName="s", LogicalResourceId="R", UniqueId="1", Status="SUCCESS")


def test_boto3_s_waiters_work(stacks: Stacks) -> None:
    delay = {"Delay": 1}
    stacks.client.create_stack(StackName="s", TemplateBody=TWO)
    stacks.client.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig=delay)
    stacks.client.update_stack(StackName="s", TemplateBody=TWO, Parameters=values(Value="two"))
    stacks.client.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig=delay)
    stacks.client.delete_stack(StackName="s")
    stacks.client.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig=delay)
