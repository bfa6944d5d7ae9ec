"""What the tests of CodeBuild share: a role, a bucket and a way to run a build to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from localaws.server import LocalAws

REGION = "eu-central-1"
BUCKET = "artifacts"
LONGEST_BUILD_SECONDS = 300
Build = dict[str, Any]
RunBuild = Callable[..., Build]


@pytest.fixture
def role_arn(localaws: LocalAws) -> str:
    """Make the builds' service role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = localaws.client("iam", REGION).create_role(RoleName="builder", AssumeRolePolicyDocument=trust)
    return str(role["Role"]["Arn"])


@pytest.fixture
def s3(localaws: LocalAws) -> Any:
    """Return an S3 client with the bucket ``artifacts``."""
    client = localaws.client("s3", REGION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


@pytest.fixture
def codebuild(localaws: LocalAws) -> Any:
    """Return a CodeBuild client."""
    return localaws.client("codebuild", REGION)


def project(role_arn: str, buildspec: str, **changes: Any) -> dict[str, Any]:
    """Return CreateProject's parameters for a project without source."""
    return {
        "name": "builds",
        "source": {"type": "NO_SOURCE", "buildspec": buildspec},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": role_arn,
        **changes,
    }


def finished(codebuild: Any, build_id: str) -> Build:
    """Wait for a build's end and return it."""
    until = time.monotonic() + LONGEST_BUILD_SECONDS
    while time.monotonic() < until:
        build: Build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
        if build["buildComplete"]:
            return build
        time.sleep(0.1)
    raise AssertionError(f"{build_id} does not end: {build['phases']}")


@pytest.fixture
def run_build(codebuild: Any, role_arn: str) -> RunBuild:
    """Return a function that creates a project from a buildspec, runs one build and returns it."""

    def run(buildspec: str, start: dict[str, Any] | None = None, **changes: Any) -> Build:
        made = codebuild.create_project(**project(role_arn, buildspec, **changes))["project"]
        started = codebuild.start_build(projectName=made["name"], **(start or {}))["build"]
        return finished(codebuild, started["id"])

    return run


@pytest.fixture
def log_of(localaws: LocalAws) -> Callable[[Build], str]:
    """Return a function that reads a build's log."""

    def read(build: Build) -> str:
        logs = localaws.client("logs", REGION)
        events = logs.get_log_events(
            logGroupName=build["logs"]["groupName"],
            logStreamName=build["logs"]["streamName"],
            startFromHead=True,
        )["events"]
        return "\n".join(event["message"] for event in events)

    return read
