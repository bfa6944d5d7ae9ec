"""Rules of security groups keep their descriptions, so that Terraform finds what it wrote."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from localaws.services import ec2


@pytest.mark.parametrize(
    "source",
    [
        {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "why"}]},
        {"UserIdGroupPairs": [{"GroupId": "itself", "Description": "why"}]},
        {"PrefixListIds": [{"PrefixListId": "pl-1", "Description": "why"}]},
    ],
)
@mock_aws
def test_a_rule_keeps_its_description(source: dict[str, Any]) -> None:
    ec2.install()
    client = boto3.client("ec2", "us-east-1")
    network = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = client.create_security_group(GroupName="g", Description="d", VpcId=network)["GroupId"]
    for pair in source.get("UserIdGroupPairs", []):
        pair["GroupId"] = group
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    rules = client.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    assert [rule.get("Description") for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]] == [
        "why"
    ]
