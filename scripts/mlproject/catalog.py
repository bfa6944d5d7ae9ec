"""The published product in Service Catalog: `publish` adds versions, its users find the newest, or the one they name.

`projects.create` provisions what is found here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlproject.errors import PlatformError, UserError
from mlproject.template_parameters import listed, named_again

if TYPE_CHECKING:
    import boto3
    from types_boto3_sagemaker.type_defs import DescribeProjectOutputTypeDef
    from types_boto3_servicecatalog import ServiceCatalogClient

    from mlproject.console import Progress

_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Product:
    """A version of the product.

    Attributes
    ----------
    product_id, artifact_id
        Service Catalog's ids of the product and of its provisioning artifact.
    version
        The template's version: the name of the artifact.
    parameters
        The names of its parameters.
    """

    product_id: str
    artifact_id: str
    version: str
    parameters: frozenset[str]

    def creation(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return what SageMaker's CreateProject is told of it."""
        details = {"ProductId": self.product_id, **self._provisioning(parameters)}
        return {"ServiceCatalogProvisioningDetails": details}

    def change(
        self, described: DescribeProjectOutputTypeDef, parameters: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what SageMaker's UpdateProject is told of it: all parameters that this version still has."""
        present = described.get("ServiceCatalogProvisioningDetails", {}).get("ProvisioningParameters", ())
        all_of_them = named_again(present, self.parameters, parameters)
        return {"ServiceCatalogProvisioningUpdateDetails": self._provisioning(all_of_them)}

    def _provisioning(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        return {
            "ProvisioningArtifactId": self.artifact_id,
            "ProvisioningParameters": listed(parameters),
        }


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
        names = ", ".join(sorted(artifact["Name"] for artifact in usable)) or "none, or deprecated ones only"
        what = f"version {version!r}" if version else "a version"
        raise UserError(f"{what} of {product_name!r} is not published; published: {names}")
    newest = max(wanted, key=lambda artifact: artifact["CreatedTime"])
    asked = client.describe_provisioning_parameters(
        ProductId=product_id, ProvisioningArtifactId=newest["Id"]
    )["ProvisioningArtifactParameters"]
    parameters = frozenset(each["ParameterKey"] for each in asked)
    return Product(product_id, newest["Id"], newest["Name"], parameters)


def add_version(
    session: boto3.Session, product_id: str, version: str, template_url: str, progress: Progress
) -> str:
    """Return the id of the product's version of this name, made if it is new; the others are left alone.

    Raises
    ------
    PlatformError
        Service Catalog does not take the template.
    """
    catalog = session.client("servicecatalog")
    known = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"]
    artifact_id = next((artifact["Id"] for artifact in known if artifact["Name"] == version), None)
    if artifact_id is None:
        progress(f"adding version {version} to the product")
        artifact_id = catalog.create_provisioning_artifact(
            ProductId=product_id,
            Parameters={
                "Name": version,
                "Description": f"Template {version}",
                "Info": {"LoadTemplateFromURL": template_url},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
            IdempotencyToken=f"{product_id}-{version}",
        )["ProvisioningArtifactDetail"]["Id"]
    _wait_available(catalog, product_id, artifact_id)
    return artifact_id


def _wait_available(catalog: ServiceCatalogClient, product_id: str, artifact_id: str) -> None:
    while True:
        status = catalog.describe_provisioning_artifact(
            ProductId=product_id, ProvisioningArtifactId=artifact_id
        )["Status"]
        if status == "AVAILABLE":
            return
        if status == "FAILED":
            raise PlatformError(
                f"Service Catalog does not take version {artifact_id} of product {product_id}"
            )
        time.sleep(_POLL_SECONDS)
