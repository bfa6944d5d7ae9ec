"""Which provider makes a resource type; a type without one is refused by name."""

from __future__ import annotations

from functools import cache

from localaws.services.cloudformation.resources import (
    account_users,
    api_plans,
    buckets,
    catalog,
    data_stores,
    developer_tools,
    functions,
    identity,
    kept_secrets,
    machine_learning,
    messaging,
    monitoring,
    nested_stack,
    network,
    provider_connections,
    provisioned_product,
    rest_api,
    storage,
    studio,
    wait_handle,
)
from localaws.services.cloudformation.resources.contract import Provider
from localaws.services.cloudformation.resources.custom import CustomResourceProvider
from localaws.services.cloudformation.resources.table import TableProvider
from localaws.services.cloudformation.schemas import schema_of

_MODULES = (
    account_users,
    api_plans,
    buckets,
    catalog,
    data_stores,
    developer_tools,
    functions,
    identity,
    kept_secrets,
    machine_learning,
    messaging,
    monitoring,
    network,
    provider_connections,
    rest_api,
    storage,
    studio,
)


def provider_of(resource_type: str) -> Provider | None:
    """Return the provider of a type, None when localaws has none."""
    if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
        return CustomResourceProvider()
    if resource_type == nested_stack.TYPE:
        return nested_stack.NestedStackProvider()
    if resource_type == wait_handle.TYPE:
        return wait_handle.WaitHandleProvider()
    return table_providers().get(resource_type)


def unsupported(resource_type: str) -> str:
    """Return CloudFormation's words for a type that does not exist, ours for one that localaws lacks."""
    if schema_of(resource_type) is None:
        return f"Template format error: Unrecognized resource types: [{resource_type}]"
    return f"localaws does not support resources of type {resource_type}"


@cache
def table_providers() -> dict[str, TableProvider]:
    """Return the providers that follow a declaration, by type."""
    own = (
        developer_tools.CodeCommitProvider(),
        provisioned_product.ProvisionedProductProvider(),
        kept_secrets.SecretProvider(),
    )
    declared = [TableProvider(declaration) for module in _MODULES for declaration in module.DECLARATIONS]
    return {provider.declaration.type: provider for provider in (*own, *declared)}
