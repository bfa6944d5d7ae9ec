"""Portfolios, products and versions are kept, shown and guarded as on AWS."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import Shop, artifact


def test_a_product_is_available_with_all_its_versions(shop: Shop) -> None:
    shown = shop.admin.describe_product_as_admin(Id=shop.product)
    assert shown["ProductViewDetail"]["Status"] == "AVAILABLE"
    assert shown["Tags"] == [{"Key": "sagemaker:studio-visibility", "Value": "true"}]
    assert [item["Name"] for item in shown["ProvisioningArtifactSummaries"]] == ["one", "two"]
    versions = shop.admin.list_provisioning_artifacts(ProductId=shop.product)["ProvisioningArtifactDetails"]
    assert [(item["Id"], item["Active"]) for item in versions] == [
        (shop.versions[0], True),
        (shop.versions[1], True),
    ]


def test_the_same_token_makes_the_same_thing_once(shop: Shop) -> None:
    again = shop.admin.create_provisioning_artifact(
        ProductId=shop.product, Parameters=artifact("two"), IdempotencyToken="r"
    )
    assert again["ProvisioningArtifactDetail"]["Id"] == shop.versions[1]


def test_a_version_keeps_its_template_when_the_object_changes(shop: Shop) -> None:
    shop.server.client("s3", "us-east-1").put_object(
        Bucket="templates", Key="one.yaml", Body=b"Resources: {}"
    )
    assert shop.provision(Value="kept")["Status"] == "SUCCEEDED"
    assert shop.stored() == ["kept"]


@pytest.mark.parametrize(("name", "said"), [("missing", "S3 error"), ("broken", "Invalid templateBody")])
def test_a_version_without_a_good_template_is_refused(shop: Shop, name: str, said: str) -> None:
    shop.server.client("s3", "us-east-1").put_object(
        Bucket="templates", Key="broken.yaml", Body=b"Resources: {}"
    )
    with pytest.raises(ClientError, match=said):
        shop.admin.create_provisioning_artifact(
            ProductId=shop.product, Parameters=artifact(name), IdempotencyToken=name
        )


def test_a_version_can_be_deprecated_and_switched_off(shop: Shop) -> None:
    shop.admin.update_provisioning_artifact(
        ProductId=shop.product, ProvisioningArtifactId=shop.versions[0], Active=False, Guidance="DEPRECATED"
    )
    detail = shop.admin.describe_provisioning_artifact(
        ProductId=shop.product, ProvisioningArtifactId=shop.versions[0]
    )["ProvisioningArtifactDetail"]
    assert (detail["Active"], detail["Guidance"]) == (False, "DEPRECATED")
    with pytest.raises(ClientError, match="is not active"):
        shop.provision()


def test_what_is_in_use_cannot_be_deleted(shop: Shop) -> None:
    with pytest.raises(ClientError, match="ResourceInUseException"):
        shop.admin.delete_portfolio(Id=shop.portfolio)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        shop.admin.delete_product(Id=shop.product)
    (constraint,) = shop.admin.list_constraints_for_portfolio(PortfolioId=shop.portfolio)["ConstraintDetails"]
    shop.admin.delete_constraint(Id=constraint["ConstraintId"])
    shop.admin.disassociate_product_from_portfolio(ProductId=shop.product, PortfolioId=shop.portfolio)
    shop.admin.disassociate_principal_from_portfolio(PortfolioId=shop.portfolio, PrincipalARN=shop.role)
    shop.admin.delete_product(Id=shop.product)
    shop.admin.delete_portfolio(Id=shop.portfolio)
    assert shop.admin.list_portfolios()["PortfolioDetails"] == []


def test_only_one_launch_constraint_binds_a_product_to_a_portfolio(shop: Shop) -> None:
    with pytest.raises(ClientError, match="DuplicateResourceException"):
        shop.admin.create_constraint(
            PortfolioId=shop.portfolio,
            ProductId=shop.product,
            Type="LAUNCH",
            Parameters='{"LocalRoleName": "other"}',
            IdempotencyToken="t",
        )


def test_tag_options_are_attached_and_detached(shop: Shop) -> None:
    option = shop.admin.create_tag_option(Key="stage", Value="dev")["TagOptionDetail"]["Id"]
    shop.admin.associate_tag_option_with_resource(ResourceId=shop.portfolio, TagOptionId=option)
    assert shop.admin.describe_portfolio(Id=shop.portfolio)["TagOptions"][0]["Value"] == "dev"
    shop.admin.disassociate_tag_option_from_resource(ResourceId=shop.portfolio, TagOptionId=option)
    assert shop.admin.list_resources_for_tag_option(TagOptionId=option)["ResourceDetails"] == []


def test_lists_come_in_pages(shop: Shop) -> None:
    for number in range(3):
        shop.admin.create_portfolio(DisplayName=str(number), ProviderName="x", IdempotencyToken=str(number))
    first = shop.admin.list_portfolios(PageSize=3)
    assert len(first["PortfolioDetails"]) == 3
    rest = shop.admin.list_portfolios(PageSize=3, PageToken=first["NextPageToken"])
    assert [item["DisplayName"] for item in rest["PortfolioDetails"]] == ["2"]


def test_what_is_not_supported_is_refused_by_name(shop: Shop) -> None:
    with pytest.raises(ClientError, match="does not support the operation CreateServiceAction"):
        shop.admin.create_service_action(
            Name="x", DefinitionType="SSM_AUTOMATION", Definition={"Name": "x"}, IdempotencyToken="u"
        )
    with pytest.raises(ClientError, match="products of type EXTERNAL"):
        shop.admin.create_product(Name="x", Owner="x", ProductType="EXTERNAL", IdempotencyToken="v")
