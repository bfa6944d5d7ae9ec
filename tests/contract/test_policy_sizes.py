"""IAM takes policies up to a size: the platform's fit where names and accounts are at their longest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws
from mlproject.platform_parameters import MOST_CONNECTIONS
from mlproject.publish import STACK_NAME

from .local_stacks import deploy

# Of all partitions, this one's ARNs are the longest.
REGION, PARTITION = "us-gov-west-1", "aws-us-gov"
MANAGED_POLICY, POLICIES_OF_ROLE, ATTACHED_TO_ROLE = 6_144, 10_240, 10
CONNECTIONS = [
    f"arn:{PARTITION}:codestar-connections:{REGION}:111122223333:connection/{number:08x}-12ab-34cd-56ef-1234567890ab"
    for number in range(MOST_CONNECTIONS)
]
# API Gateway's role has a policy of AWS only, which no local AWS has in this partition.
PLATFORM = {
    "ConnectionArns": ",".join(CONNECTIONS),
    "ManageApiGatewayAccount": "false",
    "ProductionAccountId": "777788889999",
    "RunnerInVpc": "true",
    "S3Templates": "true",
    "SecurityGroupIds": ",".join(f"sg-{number:017x}" for number in range(5)),
    "StagingAccountId": "444455556666",
    "SubnetIds": ",".join(f"subnet-{number:017x}" for number in range(6)),
    "TerraformSource": "bucket",
    "VpcId": "vpc-0123456789abcdef0",
}
STAGE_ACCOUNT = {
    "ManageApiGatewayAccount": "false",
    "RoleName": f"{STACK_NAME}-stages-{REGION}",
    "RunnerRoleArn": f"arn:{PARTITION}:iam::111122223333:role/{STACK_NAME}-RunnerRole-ABCDEFGHIJKL",
    "ToolingAccountId": "111122223333",
    "ToolingKeyArn": f"arn:{PARTITION}:kms:{REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}


def size(document: Any) -> int:
    """Return what counts: the characters without white space."""
    return len(json.dumps(document, separators=(",", ":")))


@pytest.fixture(scope="module")
def iam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give an account that has the platform, and what an account of stages has."""
    folder = tmp_path_factory.mktemp("policies")
    server = LocalAws(folder / "localaws", image_cache=folder / "images")
    server.start()
    try:
        deploy(server, REGION, STACK_NAME, "platform.yaml", PLATFORM)
        deploy(server, REGION, "mlproject-stages", "workload-account.yaml", STAGE_ACCOUNT)
        yield server.client("iam", REGION)
    finally:
        server.close()
        moto_api_backend.reset()


def test_every_managed_policy_is_small_enough(iam: Any) -> None:
    sizes = {}
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        sizes[policy["PolicyName"]] = size(version["PolicyVersion"]["Document"])
    assert len(sizes) > 8
    assert {name: found for name, found in sizes.items() if found > MANAGED_POLICY} == {}


def test_no_role_has_too_many_policies_or_too_much_in_them(iam: Any) -> None:
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert len(roles) > 3
    for role in roles:
        named = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in named]
        assert sum(map(size, documents)) <= POLICIES_OF_ROLE, role
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert len(attached) <= ATTACHED_TO_ROLE, role
