"""The published product as its users find it in Service Catalog: the newest version, or the one that is named.

Comes after `publish`; `projects.create` provisions what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlproject.errors import UserError

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True)
class Product:
    """A version of the product.

    Attributes
    ----------
    product_id, artifact_id
        Service Catalog's ids of the product and of its provisioning artifact.
    version
        The template's version: the name of the artifact.
    """

    product_id: str
    artifact_id: str
    version: str


def find(session: boto3.Session, product_name: str, version: str = "") -> Product:
    """Return the product's active version of this name, the newest when ``version`` is empty.

    Raises
    ------
    UserError
        Nothing of that name is published to the caller, or not in that version.
    """
    client = session.client("servicecatalog")
    found = client.search_products(Filters={"FullTextSearch": [product_name]})["ProductViewSummaries"]
    product_id = next((view["ProductId"] for view in found if view["Name"] == product_name), None)
    if product_id is None:
        raise UserError(
            f"product {product_name!r} is not published to you in {session.region_name}: "
            "publish it, with your role among the Studio roles"
        )
    artifacts = client.describe_product(Id=product_id)["ProvisioningArtifacts"]
    usable = [artifact for artifact in artifacts if artifact.get("Guidance", "DEFAULT") != "DEPRECATED"]
    wanted = [artifact for artifact in usable if version in ("", artifact["Name"])]
    if not wanted:
        names = ", ".join(sorted(artifact["Name"] for artifact in usable)) or "none"
        raise UserError(f"version {version!r} of {product_name!r} is not published; published: {names}")
    newest = max(wanted, key=lambda artifact: artifact["CreatedTime"])
    return Product(product_id, newest["Id"], newest["Name"])
