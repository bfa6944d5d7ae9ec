"""The aws CLI, as it comes from PyPI: its commands of one call, and those that are programs of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from localaws.server import LocalAws

Aws = Callable[..., Any]


@pytest.fixture
def aws(programs: Any) -> Aws:
    """Run the CLI; what it prints comes parsed where it is JSON."""
    program = programs.path("client-awscli", "aws")

    def run(*arguments: str | Path, inside: bool = False) -> Any:
        printed = programs.run(program, *arguments, inside=inside).strip()
        return json.loads(printed) if printed[:1] in ("{", "[") else printed

    return run


def test_files_are_copied_synchronised_and_presigned(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "site/deep").mkdir(parents=True)
    (tmp_path / "site/index.html").write_text("<p>hello</p>")
    (tmp_path / "site/deep/large.bin").write_bytes(b"x" * 9_000_000)
    aws("s3", "mb", "s3://things")
    aws("s3", "sync", tmp_path / "site", "s3://things/site", "--no-progress")
    assert "9000000 site/deep/large.bin" in aws("s3", "ls", "s3://things", "--recursive")
    assert (
        requests.get(aws("s3", "presign", "s3://things/site/index.html"), timeout=30).text == "<p>hello</p>"
    )
    aws("s3", "cp", "s3://things/site/deep/large.bin", tmp_path / "back.bin", "--no-progress", inside=True)
    assert (tmp_path / "back.bin").stat().st_size == 9_000_000
    aws("s3", "rb", "s3://things", "--force")


def test_a_template_is_deployed_and_changed(aws: Aws, tmp_path: Path) -> None:
    template = {
        "Parameters": {"Value": {"Type": "String"}},
        "Resources": {
            "Parameter": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "Value"}},
            }
        },
        "Outputs": {"Name": {"Value": {"Ref": "Parameter"}}},
    }
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template))
    aws("cloudformation", "validate-template", "--template-body", f"file://{file}")
    parameters = ("--parameters", "ParameterKey=Value,ParameterValue=one")
    aws(
        "cloudformation", "create-stack", "--stack-name=cli", "--template-body", f"file://{file}", *parameters
    )
    name = settled(aws)["Outputs"][0]["OutputValue"]
    assert aws("ssm", "get-parameter", "--name", name)["Parameter"]["Value"] == "one"
    # The command's waiters look every half minute: the change set is left to be carried out by hand.
    arguments = ("--stack-name=cli", "--template-file", file, "--parameter-overrides", "Value=two")
    printed = aws("cloudformation", "deploy", *arguments, "--no-execute-changeset")
    aws("cloudformation", "execute-change-set", "--change-set-name", printed.split()[-1])
    assert settled(aws)["StackStatus"] == "UPDATE_COMPLETE"
    assert aws("ssm", "get-parameter", "--name", name)["Parameter"]["Value"] == "two"
    aws("cloudformation", "delete-stack", "--stack-name", "cli")


def settled(aws: Aws) -> Any:
    """Wait until nothing happens to the stack any more; return it."""
    for _ in range(60):
        stack = aws("cloudformation", "describe-stacks", "--stack-name", "cli")["Stacks"][0]
        if stack["StackStatus"].endswith("_COMPLETE"):
            return stack
        time.sleep(0.2)
    raise TimeoutError(f"the stack is still {stack['StackStatus']}")


def test_every_protocol_is_understood(aws: Aws, localaws: LocalAws) -> None:
    assert aws("sts", "get-caller-identity")["Account"] == localaws.account_id
    assert aws("iam", "list-users")["Users"][0]["UserName"] == "somebody"
    assert aws("ec2", "describe-vpcs", "--filters", "Name=is-default,Values=true")["Vpcs"]
    assert aws("sagemaker", "list-endpoints") == {"Endpoints": []}
    assert aws("apigateway", "create-rest-api", "--name", "demo")["name"] == "demo"
    assert aws("lambda", "list-functions", inside=True) == {"Functions": []}
    assert aws("ecr", "get-login-password")


def test_a_log_is_read(aws: Aws, localaws: LocalAws) -> None:
    localaws.log_writer("eu-west-1", "/a/group", "stream")("a line")
    assert "a line" in aws("logs", "filter-log-events", "--log-group-name", "/a/group", "--output", "text")


def test_a_refusal_names_the_operation(aws: Aws) -> None:
    with pytest.raises(AssertionError, match=r"UnsupportedOperation.*CreatePullRequest"):
        aws(
            "codecommit",
            "create-pull-request",
            "--title=t",
            "--targets=repositoryName=demo,sourceReference=main",
        )
