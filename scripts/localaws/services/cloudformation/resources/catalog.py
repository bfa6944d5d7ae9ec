"""Service Catalog portfolios, products, associations, constraints and tag options; SageMaker projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.intrinsics import text_of
from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, Wait

_DETAILS = {
    name: f"p.{name}"
    for name in (
        "Name",
        "Owner",
        "Description",
        "Distributor",
        "SupportDescription",
        "SupportEmail",
        "SupportUrl",
    )
}


def _tags(update: str) -> Aspect:
    return Aspect(
        ("Tags",),
        key="Key",
        whole=True,
        put=(Call(update, {"Id": "id", "AddTags": "p.Tags"}),),
        remove=(Call(update, {"Id": "id", "RemoveTags": "gone"}),),
        on_create=False,
    )


def _replaces(properties: Mapping[str, Any]) -> str:
    if text_of(properties.get("ReplaceProvisioningArtifacts", False)) == "true":
        return "localaws does not support ReplaceProvisioningArtifacts: true"
    return ""


_FIND_ARTIFACT = Call(
    "describe_provisioning_artifact",
    {"ProductId": "id", "ProvisioningArtifactName": "item.Name"},
    into="artifact",
)
_ARTIFACT = {"ProductId": "id", "ProvisioningArtifactId": "artifact.ProvisioningArtifactDetail.Id"}

PORTFOLIO = Declaration(
    type="AWS::ServiceCatalog::Portfolio",
    service="servicecatalog",
    create=(Call("create_portfolio", {"IdempotencyToken": "token"}, spread=True),),
    physical_id="made.PortfolioDetail.Id",
    update=(Call("update_portfolio", {"Id": "id"}, spread=True),),
    delete=(Call("delete_portfolio", {"Id": "id"}),),
    read=Call("describe_portfolio", {"Id": "id"}),
    attributes={"PortfolioName": "read.PortfolioDetail.DisplayName"},
    aspects=(_tags("update_portfolio"),),
)

PRODUCT = Declaration(
    type="AWS::ServiceCatalog::CloudFormationProduct",
    service="servicecatalog",
    create=(
        Call(
            "create_product",
            {
                **_DETAILS,
                "ProductType": "'CLOUD_FORMATION_TEMPLATE'",
                "ProvisioningArtifactParameters": (
                    'merge(`{"Type": "CLOUD_FORMATION_TEMPLATE"}`, p.ProvisioningArtifactParameters[0])'
                ),
                "Tags": "p.Tags",
                "IdempotencyToken": "token",
            },
        ),
    ),
    physical_id="made.ProductViewDetail.ProductViewSummary.ProductId",
    update=(Call("update_product", {"Id": "id", **_DETAILS}),),
    delete=(Call("delete_product", {"Id": "id"}),),
    read=Call("describe_product_as_admin", {"Id": "id"}),
    attributes={
        "ProductName": "read.ProductViewDetail.ProductViewSummary.Name",
        "ProvisioningArtifactIds": "join(',', read.ProvisioningArtifactSummaries[].Id)",
        "ProvisioningArtifactNames": "join(',', read.ProvisioningArtifactSummaries[].Name)",
    },
    wait=Wait("read.ProductViewDetail.Status", ("AVAILABLE",), ("FAILED",)),
    # The language of AWS's own texts.
    ignored=("AcceptLanguage", "ProductType", "ReplaceProvisioningArtifacts"),
    check=_replaces,
    aspects=(
        _tags("update_product"),
        # The first version goes with the product; AWS matches versions by name and template URL.
        Aspect(
            ("ProvisioningArtifactParameters",),
            key="join('|', [Name || '', to_string(Info)])",
            put=(
                Call(
                    "create_provisioning_artifact",
                    {
                        "ProductId": "id",
                        "Parameters": 'merge(`{"Type": "CLOUD_FORMATION_TEMPLATE"}`, item)',
                        "IdempotencyToken": "join('-', [token, item.Name || ''])",
                    },
                    when="old.ProvisioningArtifactParameters || item != p.ProvisioningArtifactParameters[0]",
                ),
            ),
            change=(
                _FIND_ARTIFACT,
                Call("update_provisioning_artifact", {**_ARTIFACT, "Description": "item.Description"}),
            ),
            remove=(_FIND_ARTIFACT, Call("delete_provisioning_artifact", _ARTIFACT)),
        ),
    ),
)

PRODUCT_ASSOCIATION = Declaration(
    type="AWS::ServiceCatalog::PortfolioProductAssociation",
    service="servicecatalog",
    create=(Call("associate_product_with_portfolio", spread=True),),
    physical_id="join('|', [p.PortfolioId, p.ProductId])",
    delete=(
        Call(
            "disassociate_product_from_portfolio",
            {"PortfolioId": "p.PortfolioId", "ProductId": "p.ProductId"},
        ),
    ),
)

PRINCIPAL_ASSOCIATION = Declaration(
    type="AWS::ServiceCatalog::PortfolioPrincipalAssociation",
    service="servicecatalog",
    create=(Call("associate_principal_with_portfolio", spread=True),),
    physical_id="join('|', [p.PrincipalARN, p.PortfolioId])",
    delete=(
        Call(
            "disassociate_principal_from_portfolio",
            {
                "PortfolioId": "p.PortfolioId",
                "PrincipalARN": "p.PrincipalARN",
                "PrincipalType": "p.PrincipalType",
            },
        ),
    ),
)

LAUNCH_ROLE_CONSTRAINT = Declaration(
    type="AWS::ServiceCatalog::LaunchRoleConstraint",
    service="servicecatalog",
    create=(
        Call(
            "create_constraint",
            {
                "PortfolioId": "p.PortfolioId",
                "ProductId": "p.ProductId",
                "Description": "p.Description",
                "Type": "'LAUNCH'",
                "Parameters": "p.RoleArn && {RoleArn: p.RoleArn} || {LocalRoleName: p.LocalRoleName}",
                "IdempotencyToken": "token",
            },
        ),
    ),
    physical_id="made.ConstraintDetail.ConstraintId",
    update=(
        Call(
            "update_constraint",
            {
                "Id": "id",
                "Description": "p.Description",
                "Parameters": "p.RoleArn && {RoleArn: p.RoleArn} || {LocalRoleName: p.LocalRoleName}",
            },
        ),
    ),
    delete=(Call("delete_constraint", {"Id": "id"}),),
    attributes={"Id": "id"},
    ignored=("AcceptLanguage",),
)

TAG_OPTION = Declaration(
    type="AWS::ServiceCatalog::TagOption",
    service="servicecatalog",
    create=(Call("create_tag_option", {"Key": "p.Key", "Value": "p.Value"}),),
    physical_id="made.TagOptionDetail.Id",
    delete=(Call("delete_tag_option", {"Id": "id"}),),
    aspects=(Aspect(("Active",), put=(Call("update_tag_option", {"Id": "id", "Active": "p.Active"}),)),),
)

TAG_OPTION_ASSOCIATION = Declaration(
    type="AWS::ServiceCatalog::TagOptionAssociation",
    service="servicecatalog",
    create=(Call("associate_tag_option_with_resource", spread=True),),
    physical_id="join('|', [p.TagOptionId, p.ResourceId])",
    delete=(
        Call(
            "disassociate_tag_option_from_resource",
            {"ResourceId": "p.ResourceId", "TagOptionId": "p.TagOptionId"},
        ),
    ),
)

PROJECT = Declaration(
    type="AWS::SageMaker::Project",
    service="sagemaker",
    create=(
        Call(
            "create_project",
            {
                "ProjectName": "p.ProjectName",
                "ProjectDescription": "p.ProjectDescription",
                "ServiceCatalogProvisioningDetails": "p.ServiceCatalogProvisioningDetails",
                "Tags": "p.Tags",
            },
        ),
    ),
    physical_id="made.ProjectArn",
    delete=(Call("delete_project", {"ProjectName": "p.ProjectName"}),),
    read=Call("describe_project", {"ProjectName": "p.ProjectName"}),
    attributes={"ProjectArn": "id", "ProjectId": "read.ProjectId", "ProjectStatus": "read.ProjectStatus"},
    wait=Wait(
        "read.ProjectStatus",
        ("CreateCompleted", "UpdateCompleted"),
        ("CreateFailed", "UpdateFailed"),
        "read.ServiceCatalogProvisionedProductDetails.ProvisionedProductStatusMessage",
    ),
)

DECLARATIONS = (
    PORTFOLIO,
    PRODUCT,
    PRODUCT_ASSOCIATION,
    PRINCIPAL_ASSOCIATION,
    LAUNCH_ROLE_CONSTRAINT,
    TAG_OPTION,
    TAG_OPTION_ASSOCIATION,
    PROJECT,
)
