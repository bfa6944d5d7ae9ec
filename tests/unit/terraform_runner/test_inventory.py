"""The inventory finds and deletes what bears a project's names, and nothing of anybody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from localaws.server import LocalAws
from terraform_runner.inventory import Inventory
from terraform_runner.naming import ProjectNames

NAMES = ProjectNames("churn", "p-abc123def456")
MINE, THEIRS = "sagemaker-churn-p-abc123def456", "sagemaker-churn-p-zzz123def456"
REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/any"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            for service in ("codebuild", "codepipeline")
        ],
    }
)
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}'


def pipeline(name: str) -> dict[str, Any]:
    """Return the least that CodePipeline takes."""

    def stage(title: str, category: str, provider: str, configuration: dict[str, str]) -> dict[str, Any]:
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        action: dict[str, Any] = {"name": title, "actionTypeId": kind, "configuration": configuration}
        if category == "Source":
            action["outputArtifacts"] = [{"name": "Source"}]
        return {"name": title, "actions": [action]}

    source = {"RepositoryName": name, "BranchName": "main", "PollForSourceChanges": "false"}
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [
            stage("Source", "Source", "CodeCommit", source),
            stage("Approve", "Approval", "Manual", {}),
        ],
    }


def make(session: boto3.Session, prefix: str) -> None:
    """Make one of each kind, as a killed apply might leave them."""
    client: Callable[[str], Any] = session.client  # type: ignore[assignment]  # one name, many services
    client("events").put_rule(Name=f"{prefix}-push", EventPattern='{"source": ["aws.codecommit"]}')
    client("events").put_targets(
        Rule=f"{prefix}-push", Targets=[{"Id": "t", "Arn": f"arn:aws:sqs:{REGION}:123456789012:q"}]
    )
    client("cloudwatch").put_metric_alarm(
        AlarmName=f"{prefix}-errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    client("cloudwatch").put_dashboard(DashboardName=prefix, DashboardBody='{"widgets": []}')
    client("sns").create_topic(Name=f"{prefix}-approvals")
    client("ecr").create_repository(repositoryName=f"{prefix}/model")
    api = client("apigateway").create_rest_api(name=prefix)["id"]
    client("logs").create_log_group(logGroupName=f"API-Gateway-Execution-Logs_{api}/prod")
    client("codecommit").create_repository(repositoryName=f"{prefix}-modelbuild")
    client("codebuild").create_project(
        name=f"{prefix}-modelbuild-test",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )
    client("codepipeline").create_pipeline(pipeline=pipeline(f"{prefix}-modelbuild"))
    iam = client("iam")
    iam.create_role(RoleName=f"{prefix}-build", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName=f"{prefix}-build", PolicyName="inline", PolicyDocument=POLICY)
    policy = iam.create_policy(PolicyName=f"{prefix}-policy", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=True)
    iam.attach_role_policy(RoleName=f"{prefix}-build", PolicyArn=policy)
    for group in (
        f"/aws/api-gateway/{prefix}/prod",
        f"/aws/codebuild/{prefix}-modelbuild-test",
        f"/aws/sagemaker/Endpoints/{prefix}-prod",
    ):
        client("logs").create_log_group(logGroupName=group)
    client("sagemaker").create_model_package_group(ModelPackageGroupName=prefix)
    bucket = f"{prefix}-123456789012"
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="data/churn.txt", Body=body)
    s3.delete_object(Bucket=bucket, Key="data/churn.txt")


def found(session: boto3.Session, names: ProjectNames) -> set[str]:
    """Return what a sweep deletes: the titles of the kinds."""
    return {title.rpartition(" ")[0] for title in Inventory(session, names).sweep(keep_data=False)}


KINDS = {
    "event rule",
    "pipeline",
    "build project",
    "alarm",
    "dashboard",
    "topic",
    "image repository",
    "REST API",
    "model package group",
    "repository",
    "role",
    "policy",
    "log group",
    "bucket",
}


@pytest.fixture
def account(localaws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Give an account in which two projects left everything behind."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", localaws.endpoint)
    session = boto3.Session("testing", "testing", region_name=REGION)
    session.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=TRUST)
    for prefix in (MINE, THEIRS):
        make(session, prefix)
    return session


def test_a_sweep_deletes_everything_of_the_project_and_nothing_of_another(account: boto3.Session) -> None:
    assert found(account, NAMES) == KINDS
    assert found(account, NAMES) == set()
    assert len(account.client("logs").describe_log_groups()["logGroups"]) == 4  # those of the other project
    assert found(account, ProjectNames("churn", "p-zzz123def456")) == KINDS


def test_kept_data_keeps_its_bucket(account: boto3.Session) -> None:
    list(Inventory(account, NAMES).sweep(keep_data=True))
    buckets = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert f"{MINE}-123456789012" in buckets


def test_objects_go_with_every_version_and_marker(account: boto3.Session) -> None:
    assert list(Inventory(account, NAMES).delete_objects()) == [f"3 object versions of {MINE}-123456789012"]
    assert list(Inventory(account, NAMES).delete_objects()) == []


def test_the_stack_of_the_project_itself_is_none_of_its_stages(account: boto3.Session) -> None:
    cloudformation = account.client("cloudformation")
    template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    for name in (f"{MINE}-staging", f"{MINE}-prod", f"{MINE}-churn", f"{THEIRS}-prod"):
        cloudformation.create_stack(StackName=name, TemplateBody=template)
    assert set(Inventory(account, NAMES).stage_stacks()) == {f"{MINE}-staging", f"{MINE}-prod"}
