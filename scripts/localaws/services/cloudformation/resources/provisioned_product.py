"""Products of Service Catalog that a stack provisions: their own stack's outputs are attributes."""

from __future__ import annotations

from localaws.services.cloudformation.resources.contract import Job, Made
from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, TableProvider, Wait

_PROVISIONED = {"ProvisionedProductId": "id"}

PROVISIONED_PRODUCT = Declaration(
    type="AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    service="servicecatalog",
    name="ProvisionedProductName",
    name_limit=128,
    create=(Call("provision_product", {"ProvisionToken": "token"}, spread=True),),
    physical_id="made.RecordDetail.ProvisionedProductId",
    update=(Call("update_provisioned_product", {**_PROVISIONED, "UpdateToken": "token"}, spread=True),),
    delete=(Call("terminate_provisioned_product", {**_PROVISIONED, "TerminateToken": "token"}),),
    read=Call("describe_provisioned_product", {"Id": "id"}),
    attributes={"RecordId": "read.ProvisionedProductDetail.LastRecordId"},
    wait=Wait(
        "read.ProvisionedProductDetail.Status",
        ("AVAILABLE",),
        ("ERROR", "TAINTED"),
        "read.ProvisionedProductDetail.StatusMessage",
    ),
    wait_deleted=True,
    # Both calls take tags, and an update keeps those that went.
    aspects=(Aspect(("Tags",), on_create=False),),
)


class ProvisionedProductProvider(TableProvider):
    """Provisions a product and tells what its stack puts out."""

    def __init__(self) -> None:
        super().__init__(PROVISIONED_PRODUCT)

    def attribute_problem(self, attribute: str) -> str:
        """Return why an attribute cannot be answered; those that `_with_outputs` adds can."""
        added = attribute == "CloudformationStackArn" or attribute.startswith("Outputs.")
        return "" if added else super().attribute_problem(attribute)

    def create(self, job: Job) -> Made:
        """Provision the product and wait for it."""
        return _with_outputs(job, super().create(job))

    def update(self, job: Job) -> Made:
        """Move it to another version or other parameters, and wait for it."""
        return _with_outputs(job, super().update(job))


def _with_outputs(job: Job, made: Made) -> Made:
    client = job.client("servicecatalog")
    listed = client.get_provisioned_product_outputs(ProvisionedProductId=made.physical_id)["Outputs"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in listed}
    query = {"SearchQuery": [f"id:{made.physical_id}"]}
    (found,) = client.search_provisioned_products(Filters=query)["ProvisionedProducts"]
    own = {"Outputs": outputs, "CloudformationStackArn": found["PhysicalId"]}
    return Made(made.physical_id, {**made.attributes, **own})
