"""Where a project's source lies: the form, the function and the stack take the same connections and repositories."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from cfnlint.decode import cfn_yaml

from terraform_runner.connection import Connection
from terraform_runner.runner_errors import UserError

ROOT = Path(__file__).parents[2]
FUNCTION = "lambda/terraform-runner/terraform_runner_provider/custom_resource_request.py"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
CONNECTIONS = {
    "": True,
    f"arn:aws:codeconnections:eu-west-1:111122223333:connection/{ID}": True,
    f"arn:aws-cn:codestar-connections:cn-north-1:111122223333:connection/{ID}": True,
    f"arn:aws:codeconnections:eu-west-1:111122223333:host/{ID}": False,
    f"arn:aws:s3:eu-west-1:111122223333:connection/{ID}": False,
    f"arn:aws:codeconnections:eu-west-1:111122223333:connection/{ID}/..": False,
}
REPOSITORIES = {
    "": True,
    "team/churn-build": True,
    "group/sub_group/churn.build": True,
    "churn": False,
    "/churn": False,
    "team/": False,
    "team/../churn": False,
    "team/.git": False,
    "team//churn": False,
    "https://github.com/team/churn": False,
    "team/churn build": False,
}
Taken = Callable[[str], bool]


def form(parameter: str) -> Taken:
    template = cfn_yaml.loads((ROOT / "cloudformation/project.yaml").read_text())
    pattern = re.compile(str(template["Parameters"][parameter]["AllowedPattern"]))
    return lambda value: bool(pattern.fullmatch(value))


def stack(variable: str) -> Taken:
    source = (ROOT / "terraform/variables.tf").read_text()
    found = re.search(rf'regex\("(\^[^"]*)", var\.{variable}\)', source)
    assert found
    pattern = re.compile(found[1])
    return lambda value: bool(pattern.search(value))


def function(text: str) -> Taken:
    pattern = re.compile(text)
    return lambda value: bool(pattern.fullmatch(value))


def function_pattern(name: str) -> str:
    found = re.search(rf'{name}[^"]*r"([^"]*)"', (ROOT / FUNCTION).read_text())
    assert found
    return found[1]


@pytest.mark.parametrize(("value", "right"), CONNECTIONS.items())
def test_every_part_takes_the_same_connections(value: str, right: bool) -> None:
    parts = (form("ConnectionArn"), stack("connection_arn"), function(function_pattern('"ConnectionArn": ')))
    assert [part(value) for part in parts] == [right] * 3


@pytest.mark.parametrize(("value", "right"), REPOSITORIES.items())
def test_every_part_takes_the_same_repositories(value: str, right: bool) -> None:
    parts = (
        form("BuildRepositoryId"),
        form("DeployRepositoryId"),
        stack("build_repository_id"),
        stack("deploy_repository_id"),
        function(function_pattern("_REPOSITORY = ")),
    )
    assert [part(value) for part in parts] == [right] * 5


@pytest.mark.parametrize("arn", [arn for arn, right in CONNECTIONS.items() if arn])
def test_the_runner_reads_every_connection_that_the_form_takes(arn: str) -> None:
    connection = Connection(boto3.Session(region_name="eu-west-1"), arn)
    if CONNECTIONS[arn]:
        assert connection.git_url("team/churn").endswith(f"/{ID}/team/churn.git")
    else:
        with pytest.raises(UserError):
            connection.git_url("team/churn")
