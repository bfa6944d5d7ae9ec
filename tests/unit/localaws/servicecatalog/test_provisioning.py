"""Launching a product makes its stack, with the launch role, for those who may."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.services.servicecatalog.launching import allowed
from localaws.services.servicecatalog.model import Portfolio

from .conftest import REGION, Shop


def stack_of(shop: Shop, pp_id: str) -> dict[str, Any]:
    client = shop.server.client("cloudformation", REGION)
    stack: dict[str, Any] = client.describe_stacks(StackName=f"SC-123456789012-{pp_id}")["Stacks"][0]
    return stack


def update(shop: Shop, **arguments: Any) -> dict[str, Any]:
    answer = shop.user.update_provisioned_product(
        ProvisionedProductName="mine", UpdateToken=str(uuid.uuid4()), **arguments
    )
    return shop.settled(answer["RecordDetail"]["RecordId"])


def test_a_launched_product_is_a_stack_made_with_the_launch_role(shop: Shop) -> None:
    record = shop.provision(Value="large")
    assert (record["Status"], record["RecordType"]) == ("SUCCEEDED", "PROVISION_PRODUCT")
    stack = stack_of(shop, record["ProvisionedProductId"])
    assert record["LaunchRoleArn"].split("/")[-1].startswith("launch-")
    # Service Catalog takes the role on itself; it does not hand it to CloudFormation.
    assert "RoleARN" not in stack
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert (tags["team"], tags["cost"], tags["sagemaker:studio-visibility"]) == ("churn", "ml", "true")
    assert tags["aws:servicecatalog:provisioningPrincipalArn"].split("/")[1].startswith("studio-")
    outputs = shop.user.get_provisioned_product_outputs(ProvisionedProductName="mine", OutputKeys=["Stored"])
    assert outputs["Outputs"][0]["OutputValue"] == f"/{stack['StackName']}"
    detail = shop.user.describe_provisioned_product(Name="mine")["ProvisionedProductDetail"]
    assert (detail["Status"], detail["LastSuccessfulProvisioningRecordId"]) == (
        "AVAILABLE",
        record["RecordId"],
    )


def test_a_failed_launch_says_which_resource_failed_and_can_be_terminated(shop: Shop) -> None:
    record = shop.provision(version=1)
    assert record["Status"] == "FAILED"
    assert record["RecordErrors"][0]["Description"].startswith(
        "ResourceLogicalId:Stored, ResourceType:AWS::SSM::Parameter, ResourceStatusReason:"
    )
    assert (
        shop.user.describe_provisioned_product(Name="mine")["ProvisionedProductDetail"]["Status"] == "ERROR"
    )
    answer = shop.user.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="t")
    assert shop.settled(answer["RecordDetail"]["RecordId"])["Status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        shop.user.describe_provisioned_product(Name="mine")


def test_a_wrong_parameter_fails_the_record(shop: Shop) -> None:
    record = shop.provision(Value="NO")
    assert record["Status"] == "FAILED"
    assert "Parameter 'Value' must match pattern" in record["RecordErrors"][0]["Description"]


def test_an_update_moves_to_other_parameters_and_another_version(shop: Shop) -> None:
    shop.provision(Value="small")
    record = update(
        shop,
        ProvisioningArtifactId=shop.versions[1],
        ProvisioningParameters=[{"Key": "Value", "Value": "large"}],
    )
    assert record["Status"] == "SUCCEEDED"
    assert shop.stored() == ["large"]
    detail = shop.user.describe_provisioned_product(Name="mine")["ProvisionedProductDetail"]
    assert detail["ProvisioningArtifactId"] == shop.versions[1]


def test_a_failed_update_leaves_a_tainted_product_of_the_old_version(shop: Shop) -> None:
    shop.provision(Value="small")
    assert update(shop, ProvisioningArtifactId=shop.versions[1])["Status"] == "FAILED"
    detail = shop.user.describe_provisioned_product(Name="mine")["ProvisionedProductDetail"]
    assert (detail["Status"], detail["ProvisioningArtifactId"]) == ("TAINTED", shop.versions[0])
    assert shop.stored() == ["small"]


def test_terminating_deletes_the_stack_and_history_remembers(shop: Shop) -> None:
    record = shop.provision()
    answer = shop.user.terminate_provisioned_product(
        ProvisionedProductId=record["ProvisionedProductId"], TerminateToken="t"
    )
    again = shop.user.terminate_provisioned_product(
        ProvisionedProductId=record["ProvisionedProductId"], TerminateToken="t"
    )
    assert again["RecordDetail"]["RecordId"] == answer["RecordDetail"]["RecordId"]
    shop.settled(answer["RecordDetail"]["RecordId"])
    assert shop.stored() == []
    assert shop.user.scan_provisioned_products()["ProvisionedProducts"] == []
    wanted = {"Key": "provisionedproduct", "Value": record["ProvisionedProductId"]}
    history = shop.user.list_record_history(SearchFilter=wanted)["RecordDetails"]
    assert [item["RecordType"] for item in history] == ["TERMINATE_PROVISIONED_PRODUCT", "PROVISION_PRODUCT"]


def test_a_name_is_taken_once_and_the_same_token_launches_once(shop: Shop) -> None:
    arguments = {
        "ProductId": shop.product,
        "ProvisioningArtifactId": shop.versions[0],
        "ProvisionedProductName": "mine",
    }
    first = shop.user.provision_product(ProvisionToken="a", **arguments)["RecordDetail"]["RecordId"]
    assert shop.user.provision_product(ProvisionToken="a", **arguments)["RecordDetail"]["RecordId"] == first
    with pytest.raises(ClientError, match="DuplicateResourceException"):
        shop.user.provision_product(ProvisionToken="b", **arguments)
    shop.settled(first)


def test_who_is_no_principal_of_the_portfolio_cannot_launch(shop: Shop) -> None:
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*No launch paths found"):
        shop.admin.provision_product(
            ProductId=shop.product,
            ProvisioningArtifactId=shop.versions[0],
            ProvisionedProductName="x",
            ProvisionToken="x",
        )
    assert shop.admin.search_products()["ProductViewSummaries"] == []
    assert [item["Name"] for item in shop.user.search_products()["ProductViewSummaries"]] == ["Churn project"]


@pytest.mark.parametrize(
    ("principal", "kind", "caller", "may"),
    [
        ("arn:aws:iam::1:role/path/studio", "IAM", "arn:aws:sts::1:assumed-role/studio/me", True),
        ("arn:aws:iam::1:role/studio", "IAM", "arn:aws:sts::2:assumed-role/studio/me", False),
        ("arn:aws:iam::1:role/studio", "IAM", "arn:aws:iam::1:user/studio", False),
        ("arn:aws:iam::1:user/ann", "IAM", "arn:aws:iam::1:user/ann", True),
        ("arn:aws:iam:::role/Amazon*", "IAM_PATTERN", "arn:aws:sts::9:assumed-role/AmazonX/me", True),
        ("arn:aws:iam:::role/Amazon*", "IAM", "arn:aws:sts::9:assumed-role/AmazonX/me", False),
    ],
)
def test_a_principal_is_recognised_by_account_kind_and_name(
    principal: str, kind: str, caller: str, may: bool
) -> None:
    portfolio = Portfolio("port-1", "arn", "name", "", "me", {}, principals={principal: kind})
    assert allowed(portfolio, caller) is may


def test_a_user_sees_what_a_version_asks_for(shop: Shop) -> None:
    asked = shop.user.describe_provisioning_parameters(
        ProductId=shop.product, ProvisioningArtifactId=shop.versions[0]
    )
    value = next(item for item in asked["ProvisioningArtifactParameters"] if item["ParameterKey"] == "Value")
    assert value["DefaultValue"] == "small"
    assert value["ParameterConstraints"]["AllowedPattern"] == "[a-z]+"
    assert asked["ConstraintSummaries"] == [{"Type": "LAUNCH"}]
    (path,) = shop.user.list_launch_paths(ProductId=shop.product)["LaunchPathSummaries"]
    assert path["Name"] == "Projects"


@pytest.mark.parametrize(
    ("query", "found"), [("name:mine", 1), ("status:AVAILABLE", 1), ("name:other", 0), ("min", 1)]
)
def test_provisioned_products_are_found_by_query(shop: Shop, query: str, found: int) -> None:
    shop.provision()
    answer = shop.user.search_provisioned_products(Filters={"SearchQuery": [query]})
    assert answer["TotalResultsCount"] == found
