"""A deployment is a snapshot: what CreateDeployment froze of an API is what its requests are served by."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from moto.apigateway.models import GatewayResponse, Method, RestAPI, apigateway_backends
from moto.core.exceptions import ServiceException

from localaws.operations import state_of

AUTHORIZATIONS = ("NONE", "AWS_IAM")
INTEGRATIONS = ("AWS_PROXY", "MOCK")


@dataclass(frozen=True)
class Validator:
    """What a method's request validator checks."""

    body: bool
    parameters: bool


@dataclass(frozen=True)
class DeployedResource:
    """One path with its methods by HTTP method, ``ANY`` among them."""

    id: str
    path: str
    methods: Mapping[str, Method]


@dataclass(frozen=True)
class Snapshot:
    """An API as it was deployed.

    Attributes
    ----------
    models
        JSON schemas (text) by model name.
    """

    resources: tuple[DeployedResource, ...]
    models: Mapping[str, str]
    validators: Mapping[str, Validator]
    gateway_responses: Mapping[str, GatewayResponse]
    binary_media_types: tuple[str, ...]
    minimum_compression_size: int | None


class Deployments(dict[tuple[str, str], Snapshot]):
    """Snapshots by API id and deployment id."""


def deployments(account: str, region: str) -> Deployments:
    """Return the snapshots of an account and region."""
    return state_of(apigateway_backends[account][region], Deployments)


def freeze(api: RestAPI) -> Snapshot:
    """Return a snapshot of an API's present configuration.

    Raises
    ------
    ServiceException
        Something in it cannot be served here; the message names it.
    """
    _check_api(api)
    resources = tuple(
        DeployedResource(resource.id, resource.get_path(), copy.deepcopy(resource.resource_methods))
        for resource in api.resources.values()
    )
    _check_methods(resources)
    size = api.minimum_compression_size
    return Snapshot(
        resources=resources,
        models={name: str(model.schema or "") for name, model in api.models.items()},
        validators={
            key: Validator(bool(validator.validate_request_body), bool(validator.validate_request_parameters))
            for key, validator in api.request_validators.items()
        },
        gateway_responses=copy.deepcopy(api.gateway_responses),
        binary_media_types=tuple(api.binaryMediaTypes),
        minimum_compression_size=None if size in (None, "") else int(size),
    )


def _check_api(api: RestAPI) -> None:
    if api.policy:
        raise _unsupported("a resource policy of a REST API")
    if api.api_key_source == "AUTHORIZER":
        raise _unsupported("the API key source AUTHORIZER")


def _check_methods(resources: Iterable[DeployedResource]) -> None:
    for resource in resources:
        for name, method in resource.methods.items():
            fault = _fault(method)
            if fault:
                raise _unsupported(f"{fault} ({name} {resource.path})")


def _fault(method: Method) -> str:
    if method.authorization_type not in AUTHORIZATIONS:
        return f"the authorization type {method.authorization_type}"
    integration = method.method_integration
    if integration is None:
        return ""
    if integration.integration_type not in INTEGRATIONS:
        return f"the integration type {integration.integration_type}"
    if integration.integration_type == "AWS_PROXY" and ":lambda:path/" not in (integration.uri or ""):
        return "a proxy integration with anything but a function"
    return ""


def _unsupported(what: str) -> ServiceException:
    return ServiceException("BadRequestException", f"localaws does not support {what}.")
