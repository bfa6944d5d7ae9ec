"""The runner changes roles and models of projects, at home and in a stage's account, and no others: IAM decides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.moto_api._internal.models import moto_api_backend

from localaws.iam.guard import Guard, Mode
from localaws.server import LocalAws
from terraform_runner.inventory import Inventory
from terraform_runner.naming import ProjectNames

from .local_stacks import deploy

REGION = "eu-central-1"
STACKS: Mapping[str, Mapping[str, str]] = {
    "platform.yaml": {"ManageApiGatewayAccount": "false"},
    "workload-account.yaml": {
        "ManageApiGatewayAccount": "false",
        "RoleName": f"mlproject-platform-stages-{REGION}",
        "RunnerRoleArn": "arn:aws:iam::111122223333:role/runner",
        "ToolingAccountId": "111122223333",
        "ToolingKeyArn": f"arn:aws:kms:{REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    },
}
OTHERS = ("sagemaker-users", "sagemaker-shop-prod-web")
TAGS = [{"Key": "sagemaker:project-id", "Value": "p-1"}, {"Key": "sagemaker:project-name", "Value": "churn"}]

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "xray:Put*", "Resource": "*"}}
)


def trust(service: str) -> str:
    """Return who may take a role on."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Account:
    """An account that the runner works in: its owner's IAM, the runner's, and the boundary of roles made there."""

    owner: Any
    runner: Any
    boundary: str
    server: LocalAws
    runner_role: str
    at_home: bool

    def client(self, service: str) -> Any:
        """Return a client in the runner's role, as a session does."""
        return self.server.client(service, REGION, self.runner_role)


@pytest.fixture(scope="module", params=STACKS)
def account(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    server = LocalAws(folder / "localaws", image_cache=folder / "images", guard=Guard(Mode.ENFORCE))
    server.start()
    try:
        made = deploy(server, REGION, "stack", request.param, STACKS[request.param])
        role, boundary = (
            (made["RunnerRoleArn"], made["PermissionsBoundaryArn"])
            if "RunnerRoleArn" in made
            else (made["RoleArn"], made["BoundaryArn"])
        )
        owner = server.client("iam", REGION)
        for other in OTHERS:
            owner.create_role(RoleName=other, AssumeRolePolicyDocument=trust("ec2"))
        yield Account(
            owner,
            server.client("iam", REGION, role),
            boundary,
            server,
            role,
            request.param == "platform.yaml",
        )
    finally:
        server.close()
        moto_api_backend.reset()


CHANGES: dict[str, Callable[[Any, str], Any]] = {
    "trust": lambda iam, role: iam.update_assume_role_policy(
        RoleName=role, PolicyDocument=trust("sagemaker")
    ),
    "description": lambda iam, role: iam.update_role(RoleName=role, Description="another"),
    "tags": lambda iam, role: iam.untag_role(RoleName=role, TagKeys=["sagemaker:project-name"]),
    "policies": lambda iam, role: iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=POLICY),
    "role": lambda iam, role: iam.delete_role(RoleName=role),
}


def test_a_project_s_role_is_made_changed_and_deleted(account: Account) -> None:
    role = "sagemaker-churn-p-1-prod-api"
    account.runner.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=trust("lambda"),
        PermissionsBoundary=account.boundary,
        Tags=TAGS,
    )
    assert account.runner.get_role(RoleName=role)["Role"]["RoleName"] == role
    for kind, change in CHANGES.items():
        if kind == "role":
            account.runner.delete_role_policy(RoleName=role, PolicyName="own")
        change(account.runner, role)
    with pytest.raises(account.owner.exceptions.NoSuchEntityException):
        account.owner.get_role(RoleName=role)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", OTHERS)
def test_a_role_that_is_no_project_s_is_let_be(account: Account, role: str, change: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        CHANGES[change](account.runner, role)


def test_no_role_is_made_without_the_boundary_or_under_another_name(account: Account) -> None:
    for role, more in (
        ("sagemaker-churn-p-1-prod-api", {}),
        ("users", {"PermissionsBoundary": account.boundary}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            account.runner.create_role(
                RoleName=role, AssumeRolePolicyDocument=trust("lambda"), Tags=TAGS, **more
            )


def test_models_of_others_pipelines_are_seen_and_let_be(account: Account) -> None:
    sagemaker = account.server.client("sagemaker", REGION)
    made = account.owner.create_role(RoleName="models", AssumeRolePolicyDocument=trust("sagemaker"))
    role = made["Role"]["Arn"]
    container = {"Image": f"111122223333.dkr.ecr.{REGION}.amazonaws.com/model:1"}
    others = {"pipelines-abc-other": [{"Key": "team", "Value": "shop"}], "pipelines-abc-tagless": []}
    # Pipelines of projects are at home.
    own = {"pipelines-abc-own": TAGS} if account.at_home else {}
    for name, tags in {**others, **own}.items():
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container, Tags=tags)
    deleted = [*Inventory(account, ProjectNames("churn", "p-1")).delete_serving()]  # type: ignore[arg-type]
    assert deleted == [f"model {name}" for name in own]
    assert {each["ModelName"] for each in sagemaker.list_models()["Models"]} == set(others)
