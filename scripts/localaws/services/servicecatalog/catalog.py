"""The administrator's side of Service Catalog: portfolios, products, versions, tag options and who may use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException

from localaws.operations import Operation, Request, page
from localaws.runtime import runtime
from localaws.services.cloudformation.intake import fetch_template
from localaws.services.cloudformation.template import parse_template
from localaws.services.servicecatalog.model import (
    Artifact,
    Catalog,
    DuplicateResource,
    InvalidParameters,
    Portfolio,
    Product,
    ResourceInUse,
    ResourceNotFound,
    TagOption,
    catalog_of,
    new_id,
    shown_tags,
    tags_of,
)

# Templates are copied when a version is made, as AWS does, into a bucket of the service's own account.
_OWNER = "arn:{partition}:iam::000000000002:role/servicecatalog"
_DETAILS = ("Name", "Owner", "Description", "Distributor", "SupportDescription", "SupportEmail", "SupportUrl")
_PAGE = 20


def create_portfolio(request: Request) -> Mapping[str, Any]:
    """Make a portfolio."""
    params, catalog = request.params, catalog_of(request)

    def make() -> Portfolio:
        portfolio_id = new_id("port")
        portfolio = Portfolio(
            id=portfolio_id,
            arn=f"arn:{request.partition}:catalog:{request.region}:{request.account}:portfolio/{portfolio_id}",
            display_name=params["DisplayName"],
            description=params.get("Description", ""),
            provider_name=params["ProviderName"],
            tags=tags_of(params.get("Tags")),
        )
        catalog.portfolios[portfolio_id] = portfolio
        return portfolio

    portfolio = once(catalog, "CreatePortfolio", params, make)
    return {"PortfolioDetail": shown_portfolio(portfolio), "Tags": shown_tags(portfolio.tags)}


def describe_portfolio(request: Request) -> Mapping[str, Any]:
    """Show a portfolio."""
    catalog = catalog_of(request)
    portfolio = catalog.portfolio(request.params["Id"])
    return {
        "PortfolioDetail": shown_portfolio(portfolio),
        "Tags": shown_tags(portfolio.tags),
        "TagOptions": [_shown_tag_option(catalog.tag_options[name]) for name in portfolio.tag_options],
        "Budgets": [],
    }


def update_portfolio(request: Request) -> Mapping[str, Any]:
    """Change a portfolio."""
    params = request.params
    portfolio = catalog_of(request).portfolio(params["Id"])
    portfolio.display_name = params.get("DisplayName", portfolio.display_name)
    portfolio.description = params.get("Description", portfolio.description)
    portfolio.provider_name = params.get("ProviderName", portfolio.provider_name)
    portfolio.tags = _retagged(portfolio.tags, params)
    return {"PortfolioDetail": shown_portfolio(portfolio), "Tags": shown_tags(portfolio.tags)}


def delete_portfolio(request: Request) -> Mapping[str, Any]:
    """Delete an empty portfolio."""
    catalog = catalog_of(request)
    portfolio = catalog.portfolio(request.params["Id"])
    if portfolio.products or portfolio.principals:
        raise ResourceInUse(f"Portfolio {portfolio.id} is in use: it still has products or principals.")
    del catalog.portfolios[portfolio.id]
    return {}


def list_portfolios(request: Request) -> Mapping[str, Any]:
    """List portfolios."""
    return _portfolio_page(request, list(catalog_of(request).portfolios.values()))


def list_portfolios_for_product(request: Request) -> Mapping[str, Any]:
    """List the portfolios that hold a product."""
    catalog = catalog_of(request)
    product = catalog.product(request.params["ProductId"])
    holding = [item for item in catalog.portfolios.values() if product.id in item.products]
    return _portfolio_page(request, holding)


def create_product(request: Request) -> Mapping[str, Any]:
    """Make a product, and its first version when one is given."""
    params, catalog = request.params, catalog_of(request)
    if params["ProductType"] != "CLOUD_FORMATION_TEMPLATE":
        raise InvalidParameters(f"localaws does not support products of type {params['ProductType']}")
    if params.get("SourceConnection"):
        raise InvalidParameters("localaws does not support products with a SourceConnection")
    first = params.get("ProvisioningArtifactParameters")
    if not first:
        raise InvalidParameters("ProvisioningArtifactParameters must be specified.")

    def make() -> Product:
        product_id = new_id("prod")
        artifact = _new_artifact(request, first)
        product = Product(
            id=product_id,
            arn=f"arn:{request.partition}:catalog:{request.region}:{request.account}:product/{product_id}",
            details={name: params[name] for name in _DETAILS if name in params},
            tags=tags_of(params.get("Tags")),
            artifacts={artifact.id: artifact},
        )
        catalog.products[product_id] = product
        return product

    product = once(catalog, "CreateProduct", params, make)
    return {
        "ProductViewDetail": _shown_product_detail(product),
        "ProvisioningArtifactDetail": _shown_artifact(next(iter(product.artifacts.values()))),
        "Tags": shown_tags(product.tags),
    }


def update_product(request: Request) -> Mapping[str, Any]:
    """Change a product."""
    params = request.params
    product = catalog_of(request).product(params["Id"])
    product.details |= {name: params[name] for name in _DETAILS if name in params}
    product.tags = _retagged(product.tags, params)
    return {"ProductViewDetail": _shown_product_detail(product), "Tags": shown_tags(product.tags)}


def delete_product(request: Request) -> Mapping[str, Any]:
    """Delete a product that no portfolio holds."""
    catalog = catalog_of(request)
    product = catalog.product(request.params["Id"])
    if any(product.id in portfolio.products for portfolio in catalog.portfolios.values()):
        raise ResourceInUse(f"Product {product.id} is in use: a portfolio still holds it.")
    del catalog.products[product.id]
    return {}


def describe_product_as_admin(request: Request) -> Mapping[str, Any]:
    """Show a product to its administrator."""
    catalog = catalog_of(request)
    product = catalog.product(request.params.get("Id"), request.params.get("Name"))
    return {
        "ProductViewDetail": _shown_product_detail(product),
        "ProvisioningArtifactSummaries": [
            {
                "Id": artifact.id,
                "Name": artifact.name,
                "Description": artifact.description,
                "CreatedTime": artifact.created,
                "ProvisioningArtifactMetadata": artifact.info,
            }
            for artifact in product.artifacts.values()
        ],
        "Tags": shown_tags(product.tags),
        "TagOptions": [_shown_tag_option(catalog.tag_options[name]) for name in product.tag_options],
        "Budgets": [],
    }


def search_products_as_admin(request: Request) -> Mapping[str, Any]:
    """Find products by portfolio, name and owner."""
    params, catalog = request.params, catalog_of(request)
    products = list(catalog.products.values())
    if params.get("PortfolioId"):
        held = catalog.portfolio(params["PortfolioId"]).products
        products = [product for product in products if product.id in held]
    found = [product for product in products if matches(product, params.get("Filters") or {})]
    shown, token = page(found, params.get("PageToken"), params.get("PageSize"), _PAGE)
    return {"ProductViewDetails": [_shown_product_detail(item) for item in shown], "NextPageToken": token}


def create_provisioning_artifact(request: Request) -> Mapping[str, Any]:
    """Add a version to a product."""
    params, catalog = request.params, catalog_of(request)
    product = catalog.product(params["ProductId"])

    def make() -> Artifact:
        artifact = _new_artifact(request, params["Parameters"])
        product.artifacts[artifact.id] = artifact
        return artifact

    artifact = once(catalog, "CreateProvisioningArtifact", params, make)
    return _artifact_answer(artifact)


def describe_provisioning_artifact(request: Request) -> Mapping[str, Any]:
    """Show a version."""
    params, catalog = request.params, catalog_of(request)
    if params.get("ProductId") or params.get("ProductName"):
        products = [catalog.product(params.get("ProductId"), params.get("ProductName"))]
    else:
        products = list(catalog.products.values())
    wanted = params.get("ProvisioningArtifactId")
    for product in products:
        if wanted in product.artifacts or not wanted:
            artifact = catalog.artifact(product, wanted, params.get("ProvisioningArtifactName"))
            return _artifact_answer(artifact)
    raise ResourceNotFound(f"Could not find ProvisioningArtifact {wanted}.")


def update_provisioning_artifact(request: Request) -> Mapping[str, Any]:
    """Rename, deactivate or deprecate a version."""
    params, catalog = request.params, catalog_of(request)
    product = catalog.product(params["ProductId"])
    artifact = catalog.artifact(product, params["ProvisioningArtifactId"])
    artifact.name = params.get("Name", artifact.name)
    artifact.description = params.get("Description", artifact.description)
    artifact.active = params.get("Active", artifact.active)
    artifact.guidance = params.get("Guidance", artifact.guidance)
    return _artifact_answer(artifact)


def delete_provisioning_artifact(request: Request) -> Mapping[str, Any]:
    """Delete a version, never the last one."""
    params, catalog = request.params, catalog_of(request)
    product = catalog.product(params["ProductId"])
    artifact = catalog.artifact(product, params["ProvisioningArtifactId"])
    if len(product.artifacts) == 1:
        raise ResourceInUse(f"ProvisioningArtifact {artifact.id} is the last one of its product.")
    del product.artifacts[artifact.id]
    return {}


def list_provisioning_artifacts(request: Request) -> Mapping[str, Any]:
    """List a product's versions."""
    product = catalog_of(request).product(request.params["ProductId"])
    return {"ProvisioningArtifactDetails": [_shown_artifact(item) for item in product.artifacts.values()]}


def associate_product(request: Request) -> Mapping[str, Any]:
    """Put a product into a portfolio."""
    params, catalog = request.params, catalog_of(request)
    portfolio, product = catalog.portfolio(params["PortfolioId"]), catalog.product(params["ProductId"])
    if product.id not in portfolio.products:
        portfolio.products.append(product.id)
    return {}


def disassociate_product(request: Request) -> Mapping[str, Any]:
    """Take a product out of a portfolio; its constraints there must be gone."""
    params, catalog = request.params, catalog_of(request)
    portfolio = catalog.portfolio(params["PortfolioId"])
    if params["ProductId"] not in portfolio.products:
        raise ResourceNotFound(f"Product {params['ProductId']} is not associated with {portfolio.id}.")
    for constraint in catalog.constraints.values():
        if (constraint.portfolio, constraint.product) == (portfolio.id, params["ProductId"]):
            raise ResourceInUse(f"Constraint {constraint.id} still binds the product to the portfolio.")
    portfolio.products.remove(params["ProductId"])
    return {}


def associate_principal(request: Request) -> Mapping[str, Any]:
    """Let a principal use a portfolio."""
    params = request.params
    portfolio = catalog_of(request).portfolio(params["PortfolioId"])
    portfolio.principals[params["PrincipalARN"]] = params["PrincipalType"]
    return {}


def disassociate_principal(request: Request) -> Mapping[str, Any]:
    """Take a portfolio away from a principal."""
    portfolio = catalog_of(request).portfolio(request.params["PortfolioId"])
    portfolio.principals.pop(request.params["PrincipalARN"], None)
    return {}


def list_principals(request: Request) -> Mapping[str, Any]:
    """List who may use a portfolio."""
    params = request.params
    portfolio = catalog_of(request).portfolio(params["PortfolioId"])
    shown, token = page(
        list(portfolio.principals.items()), params.get("PageToken"), params.get("PageSize"), _PAGE
    )
    principals = [{"PrincipalARN": arn, "PrincipalType": kind} for arn, kind in shown]
    return {"Principals": principals, "NextPageToken": token}


def create_tag_option(request: Request) -> Mapping[str, Any]:
    """Offer a tag."""
    params, catalog = request.params, catalog_of(request)
    for option in catalog.tag_options.values():
        if (option.key, option.value) == (params["Key"], params["Value"]):
            raise DuplicateResource(f"TagOption {option.id} has this key and value already.")
    option = TagOption(new_id("tag"), params["Key"], params["Value"], request.account)
    catalog.tag_options[option.id] = option
    return {"TagOptionDetail": _shown_tag_option(option)}


def describe_tag_option(request: Request) -> Mapping[str, Any]:
    """Show an offered tag."""
    return {"TagOptionDetail": _shown_tag_option(_tag_option(request, "Id"))}


def update_tag_option(request: Request) -> Mapping[str, Any]:
    """Change an offered tag."""
    option = _tag_option(request, "Id")
    option.value = request.params.get("Value", option.value)
    option.active = request.params.get("Active", option.active)
    return {"TagOptionDetail": _shown_tag_option(option)}


def delete_tag_option(request: Request) -> Mapping[str, Any]:
    """Withdraw an offered tag."""
    del catalog_of(request).tag_options[_tag_option(request, "Id").id]
    return {}


def list_tag_options(request: Request) -> Mapping[str, Any]:
    """List offered tags."""
    options = list(catalog_of(request).tag_options.values())
    shown, token = page(options, request.params.get("PageToken"), request.params.get("PageSize"), _PAGE)
    return {"TagOptionDetails": [_shown_tag_option(option) for option in shown], "PageToken": token}


def associate_tag_option(request: Request) -> Mapping[str, Any]:
    """Attach an offered tag to a portfolio or product."""
    option, holder = _tag_option(request, "TagOptionId"), _tag_holder(request)
    if option.id not in holder.tag_options:
        holder.tag_options.append(option.id)
    return {}


def disassociate_tag_option(request: Request) -> Mapping[str, Any]:
    """Detach an offered tag."""
    option, holder = _tag_option(request, "TagOptionId"), _tag_holder(request)
    if option.id in holder.tag_options:
        holder.tag_options.remove(option.id)
    return {}


def list_resources_for_tag_option(request: Request) -> Mapping[str, Any]:
    """List what an offered tag is attached to."""
    option, catalog = _tag_option(request, "TagOptionId"), catalog_of(request)
    holders: Sequence[Portfolio | Product] = [*catalog.portfolios.values(), *catalog.products.values()]
    details = [
        {"Id": holder.id, "ARN": holder.arn, "Name": _name_of(holder), "CreatedTime": holder.created}
        for holder in holders
        if option.id in holder.tag_options
    ]
    return {"ResourceDetails": details}


def once(catalog: Catalog, operation: str, params: Mapping[str, Any], make: Callable[[], Any]) -> Any:
    """Return what ``make`` gives, the same again for the same idempotency token."""
    token = str(params.get("IdempotencyToken", ""))
    with catalog.lock:
        key = (operation, token)
        if not token or key not in catalog.answers:
            catalog.answers[key] = make()
        return catalog.answers[key]


def shown_portfolio(portfolio: Portfolio) -> dict[str, Any]:
    """Return a portfolio as API answers carry it."""
    return {
        "Id": portfolio.id,
        "ARN": portfolio.arn,
        "DisplayName": portfolio.display_name,
        "Description": portfolio.description,
        "CreatedTime": portfolio.created,
        "ProviderName": portfolio.provider_name,
    }


def shown_product(product: Product) -> dict[str, Any]:
    """Return a product's summary as API answers carry it."""
    details = {name: value for name, value in product.details.items() if name != "Description"}
    return {
        **details,
        "Id": product.id.replace("prod-", "prodview-"),
        "ProductId": product.id,
        "ShortDescription": product.details.get("Description", ""),
        "Type": "CLOUD_FORMATION_TEMPLATE",
        "HasDefaultPath": False,
    }


def matches(product: Product, filters: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a product passes the search filters FullTextSearch, Owner, ProductType and SourceProductId."""
    tests: dict[str, Callable[[str], bool]] = {
        "FullTextSearch": lambda text: text.lower() in str([*product.details.values()]).lower(),
        "Owner": lambda text: text == product.details.get("Owner"),
        "ProductType": lambda text: text == "CLOUD_FORMATION_TEMPLATE",
        "SourceProductId": lambda text: text == product.id,
    }
    return all(any(tests[name](text) for text in texts) for name, texts in filters.items())


def _new_artifact(request: Request, given: Mapping[str, Any]) -> Artifact:
    info = {str(key): str(value) for key, value in (given.get("Info") or {}).items()}
    if given.get("Type", "CLOUD_FORMATION_TEMPLATE") != "CLOUD_FORMATION_TEMPLATE" or set(info) != {
        "LoadTemplateFromURL"
    }:
        raise InvalidParameters(
            "localaws supports CLOUD_FORMATION_TEMPLATE artifacts with LoadTemplateFromURL only"
        )
    try:
        body = fetch_template(request, info["LoadTemplateFromURL"])
        if not given.get("DisableTemplateValidation"):
            parse_template(body)
    except ServiceException as error:
        raise InvalidParameters(f"Invalid templateBody. {error.message}") from error
    artifact_id = new_id("pa")
    return Artifact(
        id=artifact_id,
        name=given.get("Name", artifact_id),
        description=given.get("Description", ""),
        info=info,
        template_url=_store_template(request, artifact_id, body),
    )


def _store_template(request: Request, artifact_id: str, body: str) -> str:
    client = runtime().client("s3", request.region, _OWNER.format(partition=request.partition))
    bucket = f"servicecatalog-templates-{request.region}-{request.account}"
    where = {"CreateBucketConfiguration": {"LocationConstraint": request.region}}
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError:
        client.create_bucket(Bucket=bucket, **({} if request.region == "us-east-1" else where))
    client.put_object(Bucket=bucket, Key=artifact_id, Body=body.encode())
    return f"https://{bucket}.s3.{request.region}.amazonaws.com/{artifact_id}"


def _artifact_answer(artifact: Artifact) -> dict[str, Any]:
    info = {"TemplateUrl": artifact.template_url}
    return {"ProvisioningArtifactDetail": _shown_artifact(artifact), "Info": info, "Status": "AVAILABLE"}


def _shown_artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "Id": artifact.id,
        "Name": artifact.name,
        "Description": artifact.description,
        "Type": "CLOUD_FORMATION_TEMPLATE",
        "CreatedTime": artifact.created,
        "Active": artifact.active,
        "Guidance": artifact.guidance,
    }


def _shown_product_detail(product: Product) -> dict[str, Any]:
    return {
        "ProductViewSummary": shown_product(product),
        "Status": "AVAILABLE",
        "ProductARN": product.arn,
        "CreatedTime": product.created,
    }


def _shown_tag_option(option: TagOption) -> dict[str, Any]:
    return {
        "Id": option.id,
        "Key": option.key,
        "Value": option.value,
        "Active": option.active,
        "Owner": option.owner,
    }


def _portfolio_page(request: Request, portfolios: Sequence[Portfolio]) -> dict[str, Any]:
    shown, token = page(portfolios, request.params.get("PageToken"), request.params.get("PageSize"), _PAGE)
    return {"PortfolioDetails": [shown_portfolio(item) for item in shown], "NextPageToken": token}


def _retagged(tags: Mapping[str, str], params: Mapping[str, Any]) -> dict[str, str]:
    kept = {key: value for key, value in tags.items() if key not in (params.get("RemoveTags") or ())}
    return kept | tags_of(params.get("AddTags"))


def _tag_option(request: Request, name: str) -> TagOption:
    options = catalog_of(request).tag_options
    if request.params[name] not in options:
        raise ResourceNotFound(f"TagOption {request.params[name]} not found.")
    return options[request.params[name]]


def _tag_holder(request: Request) -> Portfolio | Product:
    catalog, wanted = catalog_of(request), str(request.params["ResourceId"])
    return catalog.portfolio(wanted) if wanted.startswith("port-") else catalog.product(wanted)


def _name_of(holder: Portfolio | Product) -> str:
    return holder.display_name if isinstance(holder, Portfolio) else holder.name


OPERATIONS: dict[str, Operation] = {
    "AssociatePrincipalWithPortfolio": associate_principal,
    "AssociateProductWithPortfolio": associate_product,
    "AssociateTagOptionWithResource": associate_tag_option,
    "CreatePortfolio": create_portfolio,
    "CreateProduct": create_product,
    "CreateProvisioningArtifact": create_provisioning_artifact,
    "CreateTagOption": create_tag_option,
    "DeletePortfolio": delete_portfolio,
    "DeleteProduct": delete_product,
    "DeleteProvisioningArtifact": delete_provisioning_artifact,
    "DeleteTagOption": delete_tag_option,
    "DescribePortfolio": describe_portfolio,
    "DescribeProductAsAdmin": describe_product_as_admin,
    "DescribeProvisioningArtifact": describe_provisioning_artifact,
    "DescribeTagOption": describe_tag_option,
    "DisassociatePrincipalFromPortfolio": disassociate_principal,
    "DisassociateProductFromPortfolio": disassociate_product,
    "DisassociateTagOptionFromResource": disassociate_tag_option,
    "ListPortfolios": list_portfolios,
    "ListPortfoliosForProduct": list_portfolios_for_product,
    "ListPrincipalsForPortfolio": list_principals,
    "ListProvisioningArtifacts": list_provisioning_artifacts,
    "ListResourcesForTagOption": list_resources_for_tag_option,
    "ListTagOptions": list_tag_options,
    "SearchProductsAsAdmin": search_products_as_admin,
    "UpdatePortfolio": update_portfolio,
    "UpdateProduct": update_product,
    "UpdateProvisioningArtifact": update_provisioning_artifact,
    "UpdateTagOption": update_tag_option,
}
