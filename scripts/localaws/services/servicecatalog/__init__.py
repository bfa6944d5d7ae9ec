"""Service Catalog that provisions: portfolios, products and versions of them become CloudFormation stacks."""

from __future__ import annotations

from moto.servicecatalog.responses import ServiceCatalogResponse

from localaws.operations import graft, refuse_others
from localaws.services.servicecatalog import catalog, constraints, launching, provisioning

# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "CreateConstraint": "launch constraints only",
    "CreateProduct": "CloudFormation templates only, by URL",
}


def install() -> None:
    """Replace moto's Service Catalog: in 5.2.5 a product never becomes AVAILABLE and nothing provisions."""
    operations = catalog.OPERATIONS | constraints.OPERATIONS | launching.OPERATIONS | provisioning.OPERATIONS
    graft(ServiceCatalogResponse, "servicecatalog", operations, APPROXIMATED)
    refuse_others(ServiceCatalogResponse, "servicecatalog", operations)
