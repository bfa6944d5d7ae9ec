"""Answers with the HTTP status of an operation's model; moto 5.2.5 says 200 where it is 201, 202 or 204."""

from __future__ import annotations

import functools
from typing import Any

from moto.apigateway.responses import APIGatewayResponse
from moto.core.utils import get_service_model


def answer_with_modelled_status(response_class: type[APIGatewayResponse]) -> None:
    """Make ``response_class`` answer a call that succeeds with the status that its operation has."""
    call = response_class.call_action
    model = get_service_model("apigateway")

    @functools.wraps(call)
    def call_action(self: APIGatewayResponse) -> Any:
        status, headers, body = call(self)
        action = self._get_action()
        if status == 200 and action in model.operation_names:
            status = int(model.operation_model(action).http.get("responseCode", 200))
        return status, headers, body

    setattr(response_class, "call_action", call_action)  # noqa: B010 - mypy refuses to assign a method
