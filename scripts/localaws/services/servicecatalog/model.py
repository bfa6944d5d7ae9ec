"""What Service Catalog keeps: portfolios, products, artifacts, constraints, provisioned products and their records."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.servicecatalog.models import servicecatalog_backends

from localaws.operations import Request, state_of


class ResourceNotFound(ServiceException):
    """No such thing, or none that the caller may see."""

    code = "ResourceNotFoundException"


class InvalidParameters(ServiceException):
    """The request is wrong."""

    code = "InvalidParametersException"


class DuplicateResource(ServiceException):
    """It exists already."""

    code = "DuplicateResourceException"


class ResourceInUse(ServiceException):
    """Something else still needs it."""

    code = "ResourceInUseException"


def now() -> datetime:
    """Return the present time, as API answers carry it."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """Return an id such as ``prod-abcdefghijklm``."""
    tail = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(13))
    return f"{prefix}-{tail}"


@dataclass
class TagOption:
    """A key and value offered for tagging."""

    id: str
    key: str
    value: str
    owner: str
    active: bool = True


@dataclass
class Portfolio:
    """A set of products and who may use them."""

    id: str
    arn: str
    display_name: str
    description: str
    provider_name: str
    tags: dict[str, str]
    products: list[str] = field(default_factory=list)
    principals: dict[str, str] = field(default_factory=dict)
    """Principal ARN -> its type, ``IAM`` or ``IAM_PATTERN``."""
    tag_options: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=now)


@dataclass
class Artifact:
    """A version of a product."""

    id: str
    name: str
    description: str
    info: dict[str, str]
    template_url: str
    active: bool = True
    guidance: str = "DEFAULT"
    created: datetime = field(default_factory=now)


@dataclass
class Product:
    """A template with versions."""

    id: str
    arn: str
    details: dict[str, Any]
    """Name, Owner, Description ... under the API's names."""
    tags: dict[str, str]
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    tag_options: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=now)

    @property
    def name(self) -> str:
        """The product's name."""
        return str(self.details["Name"])


@dataclass
class Constraint:
    """A rule for launching a product from a portfolio."""

    id: str
    type: str
    portfolio: str
    product: str
    description: str
    owner: str
    parameters: str


@dataclass
class Record:
    """One operation on a provisioned product."""

    id: str
    type: str
    product_id: str
    artifact_id: str
    path_id: str
    provisioned_id: str
    provisioned_name: str
    launch_role: str
    token: str
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "CREATED"
    errors: list[dict[str, str]] = field(default_factory=list)
    outputs: list[dict[str, str]] = field(default_factory=list)
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)

    def settle(self, status: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        """Move to ``status``."""
        self.errors = [dict(error) for error in errors]
        self.updated, self.status = now(), status


@dataclass
class ProvisionedProduct:
    """A product that someone launched, and its stack."""

    id: str
    arn: str
    name: str
    product_id: str
    artifact_id: str
    path_id: str
    stack_name: str
    launch_role: str
    user_arn: str
    token: str
    tags: dict[str, str]
    parameters: dict[str, str]
    stack_id: str = ""
    status: str = "UNDER_CHANGE"
    message: str = ""
    records: list[str] = field(default_factory=list)
    last_provisioning: str = ""
    last_successful: str = ""
    outputs: list[dict[str, str]] = field(default_factory=list)
    created: datetime = field(default_factory=now)


class Catalog:
    """Everything that Service Catalog keeps for one account and region."""

    def __init__(self) -> None:
        self.portfolios: dict[str, Portfolio] = {}
        self.products: dict[str, Product] = {}
        self.constraints: dict[str, Constraint] = {}
        self.tag_options: dict[str, TagOption] = {}
        self.provisioned: dict[str, ProvisionedProduct] = {}
        self.records: dict[str, Record] = {}
        self.answers: dict[tuple[str, str], Any] = {}
        """Idempotency token by operation -> what the first call made."""
        self.lock = threading.RLock()

    def portfolio(self, portfolio_id: str) -> Portfolio:
        """Return a portfolio, or refuse."""
        if portfolio_id not in self.portfolios:
            raise ResourceNotFound(f"Portfolio {portfolio_id} not found.")
        return self.portfolios[portfolio_id]

    def product(self, product_id: str | None, name: str | None = None) -> Product:
        """Return a product by id or name, or refuse."""
        if not product_id and not name:
            raise InvalidParameters("Either Id or Name must be specified.")
        for product in self.products.values():
            if product.id == product_id or (not product_id and product.name == name):
                return product
        raise ResourceNotFound(f"Product {product_id or name} not found.")

    def artifact(self, product: Product, artifact_id: str | None, name: str | None = None) -> Artifact:
        """Return a product's version by id or name, or refuse."""
        for artifact in product.artifacts.values():
            if artifact.id == artifact_id or (not artifact_id and artifact.name == name):
                return artifact
        raise ResourceNotFound(
            f"Could not find ProvisioningArtifact {artifact_id or name} of product {product.id}."
        )

    def provisioned_product(self, pp_id: str | None, name: str | None = None) -> ProvisionedProduct:
        """Return a provisioned product by id or name, or refuse."""
        for provisioned in self.provisioned.values():
            if provisioned.id == pp_id or (not pp_id and provisioned.name == name):
                return provisioned
        raise ResourceNotFound(f"ProvisionedProduct {pp_id or name} not found.")


def catalog_of(request: Request) -> Catalog:
    """Return the catalog of the caller's account and region."""
    return state_of(servicecatalog_backends[request.account][request.region], Catalog)


def tags_of(items: Any) -> dict[str, str]:
    """Return API tags as a dictionary."""
    return {str(item["Key"]): str(item["Value"]) for item in items or ()}


def shown_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as API answers carry them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
