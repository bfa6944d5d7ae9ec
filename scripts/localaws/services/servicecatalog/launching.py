"""The user's side of the catalog: which products a caller may launch, by which path, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from localaws.operations import Operation, Request, page
from localaws.services.cloudformation.intake import fetch_template
from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.template import parse_template
from localaws.services.servicecatalog.catalog import matches, shown_product
from localaws.services.servicecatalog.constraints import launch_role
from localaws.services.servicecatalog.model import (
    Artifact,
    Catalog,
    InvalidParameters,
    Portfolio,
    Product,
    ResourceNotFound,
    catalog_of,
    shown_tags,
)


@dataclass(frozen=True)
class LaunchPath:
    """A portfolio by which a caller reaches a product."""

    id: str
    name: str
    tags: Mapping[str, str]
    launch_role: str


def allowed(portfolio: Portfolio, caller_arn: str) -> bool:
    """Tell whether a caller is one of a portfolio's principals; an assumed role counts as its role."""
    caller = _identity(caller_arn)
    for arn, kind in portfolio.principals.items():
        principal = _identity(arn)
        if caller == principal or (kind == "IAM_PATTERN" and _like(caller, principal)):
            return True
    return False


def launch_paths(request: Request, product: Product) -> list[LaunchPath]:
    """Return the caller's paths to a product, or refuse as if the product did not exist."""
    catalog = catalog_of(request)
    paths = [
        LaunchPath(
            id=f"lpv3-{portfolio.id.removeprefix('port-')}",
            name=portfolio.display_name,
            tags=portfolio.tags | product.tags,
            launch_role=launch_role(catalog, portfolio.id, product.id, request.account, request.partition),
        )
        for portfolio in catalog.portfolios.values()
        if product.id in portfolio.products and allowed(portfolio, request.caller_arn)
    ]
    if not paths:
        raise ResourceNotFound(f"No launch paths found for resource: {product.id}")
    return paths


def chosen_path(request: Request, product: Product, params: Mapping[str, Any]) -> LaunchPath:
    """Return the path that a request names, or the only one."""
    paths = launch_paths(request, product)
    wanted = (params.get("PathId"), params.get("PathName"))
    if any(wanted):
        paths = [path for path in paths if path.id == wanted[0] or path.name == wanted[1]]
        if not paths:
            raise ResourceNotFound(f"Launch path {wanted[0] or wanted[1]} not found for {product.id}.")
    if len(paths) > 1:
        raise InvalidParameters("More than one launch path exists: PathId or PathName is required.")
    return paths[0]


def chosen_artifact(catalog: Catalog, product: Product, params: Mapping[str, Any]) -> Artifact:
    """Return the version that a request names, or refuse; an inactive one cannot be launched."""
    artifact = catalog.artifact(
        product, params.get("ProvisioningArtifactId"), params.get("ProvisioningArtifactName")
    )
    if not artifact.active:
        raise InvalidParameters(f"ProvisioningArtifact {artifact.id} is not active.")
    return artifact


def list_launch_paths(request: Request) -> Mapping[str, Any]:
    """List the caller's paths to a product."""
    product = catalog_of(request).product(request.params["ProductId"])
    summaries = [
        {
            "Id": path.id,
            "Name": path.name,
            "Tags": shown_tags(path.tags),
            "ConstraintSummaries": [{"Type": "LAUNCH"}] if path.launch_role else [],
        }
        for path in launch_paths(request, product)
    ]
    return {"LaunchPathSummaries": summaries}


def describe_provisioning_parameters(request: Request) -> Mapping[str, Any]:
    """Show what a version asks of whoever launches it."""
    params, catalog = request.params, catalog_of(request)
    product = catalog.product(params.get("ProductId"), params.get("ProductName"))
    path = chosen_path(request, product, params)
    artifact = chosen_artifact(catalog, product, params)
    template = parse_template(fetch_template(request, artifact.template_url))
    return {
        "ProvisioningArtifactParameters": [_shown_parameter(item) for item in template.parameters.values()],
        "ConstraintSummaries": [{"Type": "LAUNCH"}] if path.launch_role else [],
        "UsageInstructions": [{"Type": "version", "Value": artifact.name}],
        "TagOptions": [],
        "ProvisioningArtifactOutputKeys": [
            {"Key": name, "Description": str(output.get("Description", ""))}
            for name, output in template.outputs.items()
        ],
    }


def search_products(request: Request) -> Mapping[str, Any]:
    """Find the products that the caller may launch."""
    params = request.params
    found = [item for item in visible_products(request) if matches(item, params.get("Filters") or {})]
    shown, token = page(found, params.get("PageToken"), params.get("PageSize"), 20)
    return {
        "ProductViewSummaries": [shown_product(product) for product in shown],
        "ProductViewAggregations": {},
        "NextPageToken": token,
    }


def describe_product(request: Request) -> Mapping[str, Any]:
    """Show a product to someone who may launch it."""
    product = catalog_of(request).product(request.params.get("Id"), request.params.get("Name"))
    paths = launch_paths(request, product)
    return {
        "ProductViewSummary": shown_product(product),
        "ProvisioningArtifacts": [
            {
                "Id": artifact.id,
                "Name": artifact.name,
                "Description": artifact.description,
                "CreatedTime": artifact.created,
                "Guidance": artifact.guidance,
            }
            for artifact in product.artifacts.values()
            if artifact.active
        ],
        "Budgets": [],
        "LaunchPaths": [{"Id": path.id, "Name": path.name} for path in paths],
    }


def visible_products(request: Request) -> list[Product]:
    """Return the products of every portfolio that the caller may use."""
    catalog = catalog_of(request)
    seen = {
        product_id: catalog.products[product_id]
        for portfolio in catalog.portfolios.values()
        if allowed(portfolio, request.caller_arn)
        for product_id in portfolio.products
    }
    return list(seen.values())


def _identity(arn: str) -> tuple[str, str, str]:
    """Return account, kind and name; the path of a role does not show in an assumed role's ARN."""
    *_, account, resource = arn.split(":", 5)
    kind, *names = resource.split("/")
    if kind == "assumed-role":
        return account, "role", names[0]
    return account, kind, names[-1] if names else ""


def _like(caller: tuple[str, str, str], pattern: tuple[str, str, str]) -> bool:
    return caller[1] == pattern[1] and fnmatchcase(caller[2], pattern[2])


def _shown_parameter(parameter: Parameter) -> dict[str, Any]:
    limits = {
        "AllowedValues": list(parameter.allowed_values) or None,
        "AllowedPattern": parameter.allowed_pattern,
        "ConstraintDescription": parameter.constraint_description,
        "MinLength": parameter.min_length,
        "MaxLength": parameter.max_length,
        "MinValue": parameter.min_value,
        "MaxValue": parameter.max_value,
    }
    shown: dict[str, Any] = {
        "ParameterKey": parameter.name,
        "ParameterType": parameter.type,
        "IsNoEcho": parameter.no_echo,
        "Description": parameter.description,
        "ParameterConstraints": {
            name: value
            if isinstance(value, list)
            else f"{value:g}"
            if isinstance(value, float)
            else str(value)
            for name, value in limits.items()
            if value not in (None, "")
        },
    }
    if parameter.default is not None:
        shown["DefaultValue"] = parameter.default
    return shown


OPERATIONS: dict[str, Operation] = {
    "DescribeProduct": describe_product,
    "DescribeProvisioningParameters": describe_provisioning_parameters,
    "ListLaunchPaths": list_launch_paths,
    "SearchProducts": search_products,
}
