"""The MOCK integration: answers from the API's own configuration, as CORS preflights and placeholders do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localaws.services.apigateway.context_variables import context, substitute
from localaws.services.apigateway.exchange import Answer, Exchange
from localaws.services.apigateway.gateway_responses import GatewayError

# Templates of the Velocity engine: directives, and variables other than the context's.
_VELOCITY = re.compile(r"#(?:set|if|foreach|else|end|macro)|\$!?\{?(?:input|util)\b")


def answer_mock(exchange: Exchange) -> Answer:
    """Return the mock's answer: the request template names the status, the integration response the rest."""
    integration = exchange.method.method_integration if exchange.method else None
    if integration is None:
        raise GatewayError("API_CONFIGURATION_ERROR")
    template = _request_template(exchange, integration)
    status = str(_status(_render(exchange, template)))
    responses = (integration.integration_responses or {}).values()
    chosen = next(
        (
            item
            for item in responses
            if item.selection_pattern and re.fullmatch(item.selection_pattern, status)
        ),
        None,
    ) or next((item for item in responses if not item.selection_pattern), None)
    if chosen is None:
        exchange.integration_error = (
            "Execution failed due to configuration error: No match for output mapping"
        )
        raise GatewayError("API_CONFIGURATION_ERROR")
    content_type, body = next(iter((chosen.response_templates or {}).items()), ("application/json", ""))
    headers = [("Content-Type", content_type), *_headers(chosen.response_parameters or {})]
    exchange.integration_status = int(status)
    return Answer(int(chosen.status_code), headers, _render(exchange, body or "").encode())


def _request_template(exchange: Exchange, integration: Any) -> str:
    templates: Mapping[str, str] = integration.request_templates or {}
    if exchange.media_type() in templates:
        return templates[exchange.media_type()]
    behaviour = integration.passthrough_behaviour or "WHEN_NO_MATCH"
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    return exchange.body.decode(errors="replace")


def _render(exchange: Exchange, template: str) -> str:
    if _VELOCITY.search(template):
        exchange.integration_error = "localaws does not run Velocity templates"
        raise GatewayError("API_CONFIGURATION_ERROR", exchange.integration_error)
    return substitute(template, exchange, context(exchange), missing="")


def _status(text: str) -> int:
    try:
        return int(json.loads(text)["statusCode"])
    except (ValueError, TypeError, KeyError) as error:
        raise GatewayError("API_CONFIGURATION_ERROR") from error


def _headers(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    prefix = "method.response.header."
    return [
        (name.removeprefix(prefix), value.strip("'"))
        for name, value in parameters.items()
        if name.startswith(prefix) and value.startswith("'")
    ]
