"""A call becomes the actions and resources that its caller needs rights for."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.iam.api_call import ApiCall, UnknownCall
from localaws.iam.principals import root
from localaws.iam.reference import can_be_on, expand
from localaws.iam.request_context import RequestContext, of_call
from localaws.iam.requirements import requirements_of, requirements_of_services

HERE = "us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/worker"


def call(service: str, operation: str, method: str = "POST", path: str = "/", **params: Any) -> ApiCall:
    return ApiCall(service, operation, params, "us-east-1", "AKIALOCALAWSSERVICE0", method, path)


def needs(made: ApiCall) -> set[tuple[str, str]]:
    return {(each.action, each.resource) for each in requirements_of(made, of_call(made, root()))}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (call("s3", "GetObject", Bucket="b", Key="a/c"), {("s3:GetObject", "arn:aws:s3:::b/a/c")}),
        (
            call("s3", "GetObject", Bucket="b", Key="a", VersionId="7"),
            {("s3:GetObjectVersion", "arn:aws:s3:::b/a")},
        ),
        (call("s3", "HeadBucket", Bucket="b"), {("s3:ListBucket", "arn:aws:s3:::b")}),
        (call("s3", "ListBuckets"), {("s3:ListAllMyBuckets", "*")}),
        (
            call("s3", "GetObject", Bucket="b", Key="arn:aws:s3:::c/d"),
            {("s3:GetObject", "arn:aws:s3:::b/arn:aws:s3:::c/d")},
        ),
        (
            call("s3", "DeleteObjects", Bucket="b", Delete={"Objects": [{"Key": "x"}, {"Key": "y"}]}),
            {("s3:DeleteObject", "arn:aws:s3:::b/x"), ("s3:DeleteObject", "arn:aws:s3:::b/y")},
        ),
        (
            call("cloudformation", "DescribeStacks", StackName="web"),
            {("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{HERE}:stack/web/*")},
        ),
        (call("cloudformation", "DescribeStacks"), {("cloudformation:DescribeStacks", "*")}),
        (
            call("codebuild", "BatchGetBuilds", ids=["test:1", "test:2"]),
            {("codebuild:BatchGetBuilds", f"arn:aws:codebuild:{HERE}:project/test")},
        ),
        (
            call("codepipeline", "PutApprovalResult", pipelineName="p", stageName="Gate", actionName="Ask"),
            {("codepipeline:PutApprovalResult", f"arn:aws:codepipeline:{HERE}:p/Gate/Ask")},
        ),
        (
            call("ecr", "DescribeRepositories"),
            {("ecr:DescribeRepositories", f"arn:aws:ecr:{HERE}:repository/*")},
        ),
        (
            call("lambda", "Invoke", FunctionName="f", Qualifier="live"),
            {("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f:live")},
        ),
        (
            call("logs", "CreateLogGroup", logGroupName="/aws/x"),
            {("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/x:log-stream:")},
        ),
        (
            call("logs", "PutLogEvents", logGroupName="/aws/x", logStreamName="s"),
            {("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/x:log-stream:s")},
        ),
        (
            call("sagemaker", "CreateAutoMLJob", AutoMLJobName="j", Tags=[{"Key": "k", "Value": "v"}]),
            {
                ("sagemaker:CreateAutoMLJob", f"arn:aws:sagemaker:{HERE}:automl-job/j"),
                ("sagemaker:AddTags", f"arn:aws:sagemaker:{HERE}:automl-job/j"),
            },
        ),
        (
            call("sagemaker-runtime", "InvokeEndpoint", EndpointName="e"),
            {("sagemaker:InvokeEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint/e")},
        ),
        (
            call("sagemaker-runtime", "InvokeEndpointAsync", EndpointName="e"),
            {("sagemaker:InvokeEndpointAsync", f"arn:aws:sagemaker:{HERE}:endpoint/e")},
        ),
        (
            call(
                "sagemaker",
                "DescribeModelPackage",
                ModelPackageName=f"arn:aws:sagemaker:{HERE}:model-package/g/1",
            ),
            {("sagemaker:DescribeModelPackage", f"arn:aws:sagemaker:{HERE}:model-package/g/1")},
        ),
        (
            call("events", "PutRule", Name="r"),
            {("events:PutRule", f"arn:aws:events:{HERE}:rule/r")},
        ),
        (
            call("events", "PutRule", Name="r", EventBusName="own"),
            {("events:PutRule", f"arn:aws:events:{HERE}:rule/own/r")},
        ),
        (
            call("sqs", "SendMessage", QueueUrl="http://localhost/123456789012/q"),
            {("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")},
        ),
        (
            call("apigateway", "GetRestApi", "GET", "/restapis/abc"),
            {("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/abc")},
        ),
        (call("sts", "GetCallerIdentity"), set()),
    ],
)
def test_an_operation_needs_its_action_on_what_it_names(
    made: ApiCall, expected: set[tuple[str, str]]
) -> None:
    assert needs(made) == expected


def test_whoever_hands_a_role_to_a_service_must_be_allowed_to_pass_it() -> None:
    made = call("codebuild", "CreateProject", name="test", serviceRole=ROLE)
    found = requirements_of(made, of_call(made, root()))
    passed = next(each for each in found if each.action == "iam:PassRole")
    assert passed.resource == ROLE
    assert passed.context["iam:passedtoservice"] == ["codebuild.amazonaws.com"]


def test_a_pipeline_does_not_pass_the_roles_that_its_actions_name_for_later() -> None:
    action = {"configuration": {"RoleArn": "arn:aws:iam::123456789012:role/stacks"}}
    pipeline = {"name": "p", "roleArn": ROLE, "stages": [{"actions": [action]}]}
    assert {
        arn
        for name, arn in needs(call("codepipeline", "CreatePipeline", pipeline=pipeline))
        if "Pass" in name
    } == {ROLE}


def test_a_role_of_another_account_in_a_pipeline_is_not_passed_but_assumed_later() -> None:
    action = {"roleArn": "arn:aws:iam::444455556666:role/deploy", "configuration": {}}
    pipeline = {"name": "p", "roleArn": ROLE, "stages": [{"actions": [action]}]}
    assert {
        arn
        for name, arn in needs(call("codepipeline", "CreatePipeline", pipeline=pipeline))
        if "Pass" in name
    } == {ROLE}


def test_tags_of_a_new_resource_need_the_right_to_tag() -> None:
    made = call("sagemaker", "CreateModel", ModelName="m", Tags=[{"Key": "team", "Value": "churn"}])
    found = {each.action: each for each in requirements_of(made, of_call(made, root()))}
    assert set(found) == {"sagemaker:CreateModel", "sagemaker:AddTags"}
    assert found["sagemaker:AddTags"].context["sagemaker:taggingaction"] == ["CreateModel"]
    assert found["sagemaker:CreateModel"].context["aws:requesttag/team"] == ["churn"]


def test_a_function_from_an_image_needs_the_image_for_its_maker_and_for_lambda() -> None:
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/api@sha256:0"
    made = call("lambda", "CreateFunction", FunctionName="f", Code={"ImageUri": uri}, Role=ROLE)
    repository = f"arn:aws:ecr:{HERE}:repository/team/api"
    assert {("ecr:BatchGetImage", repository), ("ecr:GetDownloadUrlForLayer", repository)} < needs(made)
    services = {(name, each.action) for name, each in requirements_of_services(made)}
    assert services == {
        ("lambda.amazonaws.com", "ecr:BatchGetImage"),
        ("lambda.amazonaws.com", "ecr:GetDownloadUrlForLayer"),
    }


def test_an_operation_that_the_reference_does_not_know_is_told() -> None:
    with pytest.raises(UnknownCall, match="sagemaker:MakeCoffee"):
        requirements_of(call("sagemaker", "MakeCoffee"), RequestContext({}))


def test_a_wildcard_stands_for_the_actions_of_the_reference_that_can_be_on_the_resource() -> None:
    assert "s3:GetBucketPolicy" in expand("s3:GetBucket*")
    assert expand("made:Up*") == ["made:Up*"]
    function = f"arn:aws:lambda:{HERE}:function:f:*"
    assert can_be_on("lambda:GetFunction", function)
    assert not can_be_on("lambda:GetLayerVersion", function)
