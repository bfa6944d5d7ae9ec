"""Calls about a method, an integration or a response that is not there are answered 404, as AWS answers them.

moto 5.2.5 answers 200 or fails: Terraform then takes a deleted integration for one that it must still delete.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from moto.apigateway.models import Integration, Method
from moto.apigateway.responses import APIGatewayResponse
from moto.core.exceptions import ServiceException
from moto.core.utils import camelcase_to_underscores


def _method(response: APIGatewayResponse) -> Method:
    parts = response.path.split("/")
    method: Method = response.backend.get_resource(parts[2], parts[4]).get_method(parts[6])
    return method


def _integration(response: APIGatewayResponse) -> Integration:
    integration = _method(response).method_integration
    if integration is None:
        raise ServiceException("NotFoundException", "Invalid Integration identifier specified")
    return integration


def _method_response(response: APIGatewayResponse) -> None:
    _expect_status(response, _method(response).method_responses)


def _integration_response(response: APIGatewayResponse) -> None:
    _expect_status(response, _integration(response).integration_responses)


def _expect_status(response: APIGatewayResponse, responses: Mapping[str, Any] | None) -> None:
    if response.path.split("/")[-1] not in (responses or {}):
        raise ServiceException("NotFoundException", "Invalid Response status code specified")


_NEEDED: Mapping[str, Callable[[APIGatewayResponse], object]] = {
    "DeleteMethod": _method,
    "PutMethodResponse": _method,
    "GetMethodResponse": _method_response,
    "DeleteMethodResponse": _method_response,
    "PutIntegration": _method,
    "GetIntegration": _integration,
    "DeleteIntegration": _integration,
    "PutIntegrationResponse": _integration,
    "GetIntegrationResponse": _integration_response,
    "DeleteIntegrationResponse": _integration_response,
}


def answer_not_found(response_class: type[APIGatewayResponse]) -> None:
    """Make ``response_class`` look for what a call is about before it carries the call out."""
    for operation, needed in _NEEDED.items():
        name = camelcase_to_underscores(operation)
        setattr(response_class, name, _checked(getattr(response_class, name), needed))


def _checked(
    call: Callable[[APIGatewayResponse], Any], needed: Callable[[APIGatewayResponse], object]
) -> Callable[[APIGatewayResponse], Any]:
    @functools.wraps(call)
    def checked(self: APIGatewayResponse) -> Any:
        needed(self)
        return call(self)

    return checked
