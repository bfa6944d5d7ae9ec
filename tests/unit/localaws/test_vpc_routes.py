"""What runs in a subnet reaches what its VPC's routes and endpoints lead to, and nothing else."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from localaws.server import LocalAws
from localaws.vpc_routes import placement, proxy_user, refusal

REGION = "eu-west-1"
S3 = f"data.s3.{REGION}.amazonaws.com"
CODEBUILD = f"codebuild.{REGION}.amazonaws.com"


@dataclass
class Vpc:
    """A VPC with one private subnet and its route table."""

    ec2: Any
    id: str
    subnet: str
    table: str

    def interface(self, service: str) -> None:
        self.ec2.create_vpc_endpoint(
            VpcId=self.id, ServiceName=service, VpcEndpointType="Interface", PrivateDnsEnabled=True,
            SubnetIds=[self.subnet],
        )  # fmt: skip

    def lead_out(self) -> None:
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=self.subnet, AllocationId=address)["NatGateway"]
        self.ec2.create_route(
            RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=made["NatGatewayId"]
        )

    def refused(self, host: str) -> str:
        user = base64.b64encode(f"{self.subnet}:{REGION}".encode()).decode()
        return refusal(f"Basic {user}", host)


@pytest.fixture
def vpc(localaws: LocalAws) -> Vpc:
    ec2 = localaws.client("ec2", REGION)
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=made, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=made)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return Vpc(ec2, made, subnet, table)


def test_nothing_is_reached_from_a_subnet_without_routes_and_endpoints(vpc: Vpc) -> None:
    assert placement(REGION, [vpc.subnet]) == {"subnet": vpc.subnet, "private": True}
    for host in (S3, CODEBUILD, "example.org"):
        assert (
            vpc.refused(host)
            == f"{vpc.subnet} has neither a route to the internet nor a VPC endpoint for {host}"
        )


def test_everything_is_reached_from_where_there_is_no_subnet(localaws: LocalAws) -> None:
    assert placement(REGION, []) == {"subnet": "", "private": False}
    assert refusal("", "example.org") == ""
    assert refusal("Basic !", "example.org") == ""
    assert refusal(f"Basic {base64.b64encode(b'me:secret').decode()}", "example.org") == ""


def test_an_interface_endpoint_is_its_service_and_no_other(vpc: Vpc) -> None:
    vpc.interface(f"com.amazonaws.{REGION}.ecr.dkr")
    vpc.interface("com.amazonaws.iam")
    assert vpc.refused(f"123456789012.dkr.ecr.{REGION}.amazonaws.com") == ""
    assert vpc.refused("iam.amazonaws.com") == ""
    for host in (f"api.ecr.{REGION}.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com", S3):
        assert vpc.refused(host)


def test_the_gateway_of_s3_serves_the_subnets_whose_routes_it_is_in(vpc: Vpc) -> None:
    other = vpc.ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    made = vpc.ec2.create_vpc_endpoint(
        VpcId=vpc.id, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", RouteTableIds=[other]
    )  # fmt: skip
    assert vpc.refused(S3)
    endpoint = made["VpcEndpoint"]["VpcEndpointId"]
    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[vpc.table])
    assert vpc.refused(S3) == ""
    assert vpc.refused(f"s3.{REGION}.amazonaws.com") == ""


def test_a_nat_gateway_leads_everywhere_and_an_internet_gateway_nowhere_without_public_address(
    vpc: Vpc,
) -> None:
    gateway = vpc.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    vpc.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    vpc.ec2.create_route(RouteTableId=vpc.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert vpc.refused("example.org")
    vpc.ec2.delete_route(RouteTableId=vpc.table, DestinationCidrBlock="0.0.0.0/0")
    vpc.lead_out()
    assert vpc.refused("example.org") == ""
    assert placement(REGION, [vpc.subnet]) == {"subnet": vpc.subnet, "private": False}


def test_the_proxy_asks_who_is_in_a_subnet_and_says_why_it_refuses(localaws: LocalAws, vpc: Vpc) -> None:
    localaws.client("s3", REGION).create_bucket(
        Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    environment = localaws.environment(REGION)
    proxy = proxy_user(environment["HTTPS_PROXY"], vpc.subnet, REGION)
    command = ["curl", "--silent", "--show-error", "--fail-with-body", f"https://{S3}/"]

    def ask() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env={**environment, "HTTPS_PROXY": proxy, "https_proxy": proxy, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def tunnels() -> Any:
        return requests.get(f"{localaws.endpoint}/_localaws/health", timeout=10).json()["tunnels"]

    before = tunnels()  # of the whole process, so of tests before this one too
    assert "403" in ask().stderr
    vpc.ec2.create_vpc_endpoint(
        VpcId=vpc.id, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway",
        RouteTableIds=[vpc.table],
    )  # fmt: skip
    assert "ListBucketResult" in ask().stdout
    assert tunnels() == before


def test_the_endpoint_of_rest_apis_leads_to_private_ones_only(localaws: LocalAws, vpc: Vpc) -> None:
    gateway = localaws.client("apigateway", REGION)

    def host(kind: str) -> str:
        made = gateway.create_rest_api(name=kind, endpointConfiguration={"types": [kind]})
        return f"{made['id']}.execute-api.{REGION}.amazonaws.com"

    private, public = host("PRIVATE"), host("REGIONAL")
    vpc.lead_out()
    assert vpc.refused(public) == ""
    vpc.interface(f"com.amazonaws.{REGION}.execute-api")
    assert "leads to private APIs only" in vpc.refused(public)
    assert vpc.refused(private) == ""
