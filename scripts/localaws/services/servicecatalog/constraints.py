"""Launch constraints: which role a product is launched with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.operations import Operation, Request, page
from localaws.services.servicecatalog.catalog import once
from localaws.services.servicecatalog.model import (
    Catalog,
    Constraint,
    DuplicateResource,
    InvalidParameters,
    ResourceNotFound,
    catalog_of,
    new_id,
)


def create_constraint(request: Request) -> Mapping[str, Any]:
    """Bind a product of a portfolio to a launch role."""
    params, catalog = request.params, catalog_of(request)
    portfolio, product = catalog.portfolio(params["PortfolioId"]), catalog.product(params["ProductId"])
    if product.id not in portfolio.products:
        raise ResourceNotFound(f"Product {product.id} is not associated with portfolio {portfolio.id}.")
    _check(params["Type"], params["Parameters"])

    def make() -> Constraint:
        for other in catalog.constraints.values():
            if (other.portfolio, other.product) == (portfolio.id, product.id):
                raise DuplicateResource("Only one launch constraint is allowed per product and portfolio.")
        constraint = Constraint(
            id=new_id("cons"),
            type=params["Type"],
            portfolio=portfolio.id,
            product=product.id,
            description=params.get("Description", ""),
            owner=request.account,
            parameters=params["Parameters"],
        )
        catalog.constraints[constraint.id] = constraint
        return constraint

    return _answer(once(catalog, "CreateConstraint", params, make))


def describe_constraint(request: Request) -> Mapping[str, Any]:
    """Show a constraint."""
    return _answer(_constraint(request))


def update_constraint(request: Request) -> Mapping[str, Any]:
    """Change a constraint."""
    constraint, params = _constraint(request), request.params
    if "Parameters" in params:
        _check(constraint.type, params["Parameters"])
        constraint.parameters = params["Parameters"]
    constraint.description = params.get("Description", constraint.description)
    return _answer(constraint)


def delete_constraint(request: Request) -> Mapping[str, Any]:
    """Delete a constraint."""
    del catalog_of(request).constraints[_constraint(request).id]
    return {}


def list_constraints(request: Request) -> Mapping[str, Any]:
    """List a portfolio's constraints."""
    params, catalog = request.params, catalog_of(request)
    portfolio = catalog.portfolio(params["PortfolioId"])
    found = [
        item
        for item in catalog.constraints.values()
        if item.portfolio == portfolio.id and params.get("ProductId") in (None, item.product)
    ]
    shown, token = page(found, params.get("PageToken"), params.get("PageSize"), 20)
    return {"ConstraintDetails": [_shown(item) for item in shown], "NextPageToken": token}


def launch_role(catalog: Catalog, portfolio: str, product: str, account: str, partition: str) -> str:
    """Return the role that a product is launched with from a portfolio, empty without a launch constraint."""
    for constraint in catalog.constraints.values():
        if (constraint.portfolio, constraint.product) == (portfolio, product):
            parameters = json.loads(constraint.parameters)
            local = parameters.get("LocalRoleName")
            return f"arn:{partition}:iam::{account}:role/{local}" if local else str(parameters["RoleArn"])
    return ""


def _check(kind: str, parameters: str) -> None:
    if kind != "LAUNCH":
        raise InvalidParameters(f"localaws does not support constraints of type {kind}")
    try:
        names = set(json.loads(parameters))
    except ValueError as error:
        raise InvalidParameters("Parameters must be JSON text.") from error
    if names not in ({"RoleArn"}, {"LocalRoleName"}):
        raise InvalidParameters("A launch constraint takes either RoleArn or LocalRoleName.")


def _constraint(request: Request) -> Constraint:
    constraints = catalog_of(request).constraints
    if request.params["Id"] not in constraints:
        raise ResourceNotFound(f"Constraint {request.params['Id']} not found.")
    return constraints[request.params["Id"]]


def _answer(constraint: Constraint) -> dict[str, Any]:
    return {
        "ConstraintDetail": _shown(constraint),
        "ConstraintParameters": constraint.parameters,
        "Status": "AVAILABLE",
    }


def _shown(constraint: Constraint) -> dict[str, Any]:
    return {
        "ConstraintId": constraint.id,
        "Type": constraint.type,
        "Description": constraint.description,
        "Owner": constraint.owner,
        "ProductId": constraint.product,
        "PortfolioId": constraint.portfolio,
    }


OPERATIONS: dict[str, Operation] = {
    "CreateConstraint": create_constraint,
    "DeleteConstraint": delete_constraint,
    "DescribeConstraint": describe_constraint,
    "ListConstraintsForPortfolio": list_constraints,
    "UpdateConstraint": update_constraint,
}
