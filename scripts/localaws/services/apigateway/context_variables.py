"""Replaces ``$context.*`` and ``$stageVariables.*`` in templates, access log formats and integration URIs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localaws.services.apigateway.exchange import Answer, Exchange

_VARIABLE = re.compile(
    r"\$(?:\{(?P<braced>(?:context|stageVariables)\.[\w.-]+)\}"
    r"|(?P<bare>(?:context|stageVariables)(?:\.[A-Za-z_][\w-]*)+))"
)
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
NOT_THERE = "-"


def context(exchange: Exchange, answer: Answer | None = None) -> dict[str, Any]:
    """Return the values of ``$context`` by name; a value of None stands for one that the request has not."""
    target, caller, failure = exchange.target, exchange.caller, exchange.failure
    values: dict[str, Any] = {
        "accountId": target.account,
        "apiId": target.api.id,
        "deploymentId": target.stage.deployment_id,
        "domainName": target.domain,
        "domainPrefix": target.api.id,
        "extendedRequestId": exchange.extended_id,
        "httpMethod": exchange.request.method,
        "path": exchange.path,
        "protocol": str(exchange.request.environ.get("SERVER_PROTOCOL", "HTTP/1.1")),
        "requestId": exchange.request_id,
        "requestTime": exchange.began.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(exchange.began.timestamp() * 1000),
        "resourceId": exchange.resource.id if exchange.resource else None,
        "resourcePath": exchange.resource.path if exchange.resource else None,
        "stage": target.stage.name,
        "xrayTraceId": exchange.trace_id.partition("=")[2],
        "identity.accessKey": caller.access_key or None,
        "identity.accountId": caller.account or None,
        "identity.apiKey": exchange.api_key or None,
        "identity.apiKeyId": exchange.api_key_id or None,
        "identity.caller": caller.user_id or None,
        "identity.sourceIp": exchange.source_ip,
        "identity.user": caller.user_id or None,
        "identity.userAgent": exchange.header("User-Agent") or None,
        "identity.userArn": caller.arn or None,
        "integrationLatency": exchange.integration_milliseconds,
        "integration.latency": exchange.integration_milliseconds,
        "integrationStatus": exchange.integration_status,
        "integration.status": exchange.integration_status,
        "integrationErrorMessage": exchange.integration_error or None,
        "integration.error": exchange.integration_error or None,
    }
    if failure is not None:
        values |= {
            "error.message": failure.message,
            "error.messageString": json.dumps(failure.message),
            "error.responseType": failure.type,
            "error.validationErrorString": failure.validation or None,
        }
    if answer is not None:
        values |= {
            "status": answer.status,
            "responseLength": len(answer.body),
            "responseLatency": exchange.milliseconds,
        }
    return values


def substitute(template: str, exchange: Exchange, values: Mapping[str, Any], missing: str) -> str:
    """Return ``template`` with its variables replaced; strings are escaped as inside a JSON string.

    Parameters
    ----------
    values
        What `context` returned.
    missing
        What stands for a variable that has no value.
    """

    def replace(match: re.Match[str]) -> str:
        scope, _, name = (match["braced"] or match["bare"]).partition(".")
        if scope == "stageVariables":
            return _escape(exchange.target.stage.variables.get(name), missing)
        value = values.get(name)
        return str(value) if name == "error.messageString" and value else _escape(value, missing)

    return _VARIABLE.sub(replace, template)


def substitute_stage_variables(text: str, variables: Mapping[str, str]) -> str:
    """Return an integration's URI with its stage variables replaced."""
    return _STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), text)


def _escape(value: Any, missing: str) -> str:
    return missing if value is None else json.dumps(str(value), ensure_ascii=False)[1:-1]
