"""What Terraform asks of AWS against what the runner may do, and what projects' roles may do against their boundary.

The rights that the provider needs for a resource type (to make, read, change, tag and delete it) are written down
here, type by type; a type that comes new into the stack fails until its rights are, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pytest
from cfnlint.decode import cfn_yaml

from terraform_runner.naming import STAGES

ROOT = Path(__file__).parents[2]
RUNNER_POLICIES = (
    "RunnerDeliveryPolicy",
    "RunnerServingPolicy",
    "RunnerIdentityPolicy",
    "RunnerPlatformPolicy",
    "RunnerStagesPolicy",
)
STAGE_MODULES = ("inference-api", "observability", "role", "stage-account", "stages")
"""What Terraform makes in the account of a stage that is not the project's own."""

API_GATEWAY: Final = "apigateway:DELETE GET PATCH POST PUT"
TAGS: Final = "ListTagsForResource TagResource UntagResource"
READ_BUCKET: Final = (
    "s3:ListBucket GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging"
    " GetBucketObjectLockConfiguration GetBucketPolicy GetBucketRequestPayment GetBucketTagging"
    " GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration"
    " GetReplicationConfiguration"
)

# Resource type -> `service:Action Action ...`, several services apart by semicolons.
NEEDED: Mapping[str, str] = {
    "aws_api_gateway_api_key": API_GATEWAY,
    "aws_api_gateway_deployment": API_GATEWAY,
    "aws_api_gateway_gateway_response": API_GATEWAY,
    "aws_api_gateway_integration": API_GATEWAY,
    "aws_api_gateway_method": API_GATEWAY,
    "aws_api_gateway_method_settings": API_GATEWAY,
    "aws_api_gateway_model": API_GATEWAY,
    "aws_api_gateway_request_validator": API_GATEWAY,
    "aws_api_gateway_resource": API_GATEWAY,
    "aws_api_gateway_rest_api": API_GATEWAY,
    # X-Ray needs the role that API Gateway traces with.
    "aws_api_gateway_stage": f"{API_GATEWAY}; iam:CreateServiceLinkedRole",
    "aws_api_gateway_usage_plan": API_GATEWAY,
    "aws_api_gateway_usage_plan_key": API_GATEWAY,
    "aws_cloudwatch_dashboard": "cloudwatch:DeleteDashboards GetDashboard PutDashboard",
    "aws_cloudwatch_event_rule": f"events:DeleteRule DescribeRule DisableRule EnableRule PutRule {TAGS}",
    "aws_cloudwatch_event_target": "events:ListTargetsByRule PutTargets RemoveTargets; iam:PassRole",
    "aws_cloudwatch_log_group": (
        "logs:AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogGroups"
        f" DisassociateKmsKey PutRetentionPolicy {TAGS}"
    ),
    "aws_cloudwatch_log_metric_filter": "logs:DeleteMetricFilter DescribeMetricFilters PutMetricFilter",
    "aws_cloudwatch_metric_alarm": f"cloudwatch:DeleteAlarms DescribeAlarms PutMetricAlarm {TAGS}",
    "aws_codebuild_project": (
        "codebuild:BatchGetProjects CreateProject DeleteProject UpdateProject; iam:PassRole"
    ),
    # The service encrypts for the caller, with the caller's right to the key.
    "aws_codecommit_repository": (
        "codecommit:CreateRepository DeleteRepository GetRepository ListBranches UpdateDefaultBranch"
        f" UpdateRepositoryDescription UpdateRepositoryEncryptionKey UpdateRepositoryName {TAGS};"
        " kms:Decrypt DescribeKey Encrypt GenerateDataKey ReEncryptFrom ReEncryptTo"
    ),
    "aws_codepipeline": (
        f"codepipeline:CreatePipeline DeletePipeline GetPipeline UpdatePipeline {TAGS}; iam:PassRole"
    ),
    "aws_ecr_lifecycle_policy": "ecr:DeleteLifecyclePolicy GetLifecyclePolicy PutLifecyclePolicy",
    # ECR encrypts by a grant, which it makes and retires for the caller.
    "aws_ecr_repository": (
        "ecr:CreateRepository DeleteRepository DescribeRepositories PutImageScanningConfiguration"
        f" PutImageTagMutability {TAGS}; kms:CreateGrant DescribeKey RetireGrant"
    ),
    "aws_ecr_repository_policy": "ecr:DeleteRepositoryPolicy GetRepositoryPolicy SetRepositoryPolicy",
    "aws_iam_role": (
        "iam:CreateRole DeleteRole GetRole ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies"
        " PutRolePermissionsBoundary TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription"
    ),
    "aws_iam_role_policy": "iam:DeleteRolePolicy GetRolePolicy PutRolePolicy",
    "aws_s3_bucket": f"{READ_BUCKET} CreateBucket DeleteBucket PutBucketTagging",
    "aws_s3_bucket_lifecycle_configuration": "s3:GetLifecycleConfiguration PutLifecycleConfiguration",
    "aws_s3_bucket_ownership_controls": "s3:GetBucketOwnershipControls PutBucketOwnershipControls",
    "aws_s3_bucket_policy": "s3:DeleteBucketPolicy GetBucketPolicy PutBucketPolicy",
    "aws_s3_bucket_public_access_block": "s3:GetBucketPublicAccessBlock PutBucketPublicAccessBlock",
    "aws_s3_bucket_server_side_encryption_configuration": (
        "s3:GetEncryptionConfiguration PutEncryptionConfiguration"
    ),
    "aws_s3_bucket_versioning": "s3:GetBucketVersioning PutBucketVersioning",
    "aws_sagemaker_model_package_group": (
        "sagemaker:AddTags CreateModelPackageGroup DeleteModelPackageGroup DeleteTags DescribeModelPackageGroup"
        " ListTags"
    ),
    "aws_sagemaker_model_package_group_policy": (
        "sagemaker:DeleteModelPackageGroupPolicy GetModelPackageGroupPolicy PutModelPackageGroupPolicy"
    ),
    "aws_sns_topic": f"sns:CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes {TAGS}",
    "aws_sns_topic_policy": "sns:GetTopicAttributes SetTopicAttributes",
    "aws_sns_topic_subscription": "sns:GetSubscriptionAttributes Subscribe Unsubscribe",
}


def actions(needed: str) -> Iterator[str]:
    for group in needed.split(";"):
        service, _, names = group.strip().partition(":")
        yield from (f"{service}:{name}" for name in names.split())


@pytest.fixture(scope="module")
def platform() -> Mapping[str, Any]:
    """Give the platform's resources."""
    resources: Mapping[str, Any] = cfn_yaml.load(str(ROOT / "cloudformation/platform.yaml"))["Resources"]
    return resources


def allowed(platform: Mapping[str, Any], *policies: str) -> Sequence[str]:
    """Return the action patterns that the policies allow."""
    written = [s for name in policies for s in platform[name]["Properties"]["PolicyDocument"]["Statement"]]
    chosen = [s["Fn::If"][1:] if "Fn::If" in s else [s] for s in written]
    statements = [s for each in chosen for s in each if "Effect" in s]
    found = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    return [each for entry in found for each in ([entry] if isinstance(entry, str) else entry)]


def test_the_runner_may_do_what_terraform_asks_of_aws(platform: Mapping[str, Any]) -> None:
    # The environment is the platform engineer's, made with their own rights.
    files = (f for f in (ROOT / "terraform").rglob("*.tf") if "environment" not in f.parts)
    types = {
        name for file in files for name in re.findall(r'^resource "(\w+)"', file.read_text(), re.MULTILINE)
    }
    assert types == set(NEEDED)
    may = allowed(platform, *RUNNER_POLICIES)
    needed = {action for name in types for action in actions(NEEDED[name])}
    assert [action for action in sorted(needed) if not any(fnmatch(action, pattern) for pattern in may)] == []


@pytest.fixture(scope="module")
def workload_account() -> Mapping[str, Any]:
    """Give the resources of an account that is prepared for stages."""
    template = ROOT / "cloudformation/workload-account.yaml"
    resources: Mapping[str, Any] = cfn_yaml.load(str(template))["Resources"]
    return resources


def stage_files() -> Iterator[str]:
    for module in STAGE_MODULES:
        for file in (ROOT / "terraform/modules" / module).glob("*.tf"):
            # Pipelines that predict in batches, and their schedules, are at home only.
            if file.name != "batch.tf":
                yield file.read_text()


def test_the_role_in_a_stage_s_account_may_do_what_terraform_asks_there(
    workload_account: Mapping[str, Any],
) -> None:
    types = {
        name for text in stage_files() for name in re.findall(r'^resource "(\w+)"', text, re.MULTILINE)
    } - {"aws_cloudwatch_event_rule", "aws_cloudwatch_event_target"}  # Of pipelines, which are at home.
    may = allowed(workload_account, "ServingPolicy", "IdentityPolicy")
    needed = {action for name in types for action in actions(NEEDED[name])}
    assert len(types) > 15
    assert [action for action in sorted(needed) if not any(fnmatch(action, each) for each in may)] == []


def test_the_role_in_a_stage_s_account_changes_no_roles_but_those_of_stages(
    workload_account: Mapping[str, Any],
) -> None:
    statements = workload_account["IdentityPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    on_roles = [each for each in statements if "role/sagemaker-" in json.dumps(each["Resource"])]
    for statement in on_roles:
        patterns = [each["Fn::Sub"].rpartition("role/")[2] for each in statement["Resource"]]
        assert all(
            any(fnmatch(f"sagemaker-churn-p-1-{stage}-api", each) for each in patterns) for stage in STAGES
        )
        assert not any(fnmatch("sagemaker-studio-users", each) for each in patterns)
    changing = [each for each in on_roles if each["Sid"] != "SeeAndTagRoles"]
    assert all("Condition" in each for each in changing)
    assert {"iam:DeleteRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"} <= {
        action for each in changing for action in [*each["Action"]]
    }


def test_the_boundary_in_a_stage_s_account_lets_through_what_its_roles_may_do(
    workload_account: Mapping[str, Any],
) -> None:
    may = allowed(workload_account, "Boundary")
    lists = [
        found
        for text in stage_files()
        for found in re.findall(r"^ +actions += \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    ]
    granted = {action for each in lists for action in re.findall(r'"([\w-]+:[\w*]+)"', each)}
    # Topics say for themselves who may publish, trusts who may act; networks are the project's own account's.
    granted = {each for each in granted if not each.startswith(("ec2:", "sts:"))}
    assert len(granted) > 60
    assert [action for action in sorted(granted) if not any(fnmatch(action, each) for each in may)] == []


def test_the_boundary_lets_through_what_projects_roles_may_do(platform: Mapping[str, Any]) -> None:
    may = allowed(platform, "ProjectBoundary")
    lists = [
        found
        for file in (ROOT / "terraform/modules").rglob("*.tf")
        for found in re.findall(r"^ +actions += \[(.*?)\]", file.read_text(), re.MULTILINE | re.DOTALL)
    ]
    # Topics and image repositories say for themselves who may use them; a trust is no right of the role's.
    granted = {action for each in lists for action in re.findall(r'"([\w-]+:[\w*]+)"', each)} - {
        "sts:AssumeRole"
    }
    assert len(granted) > 100
    assert [
        action for action in sorted(granted) if not any(fnmatch(action, pattern) for pattern in may)
    ] == []
