"""Decides whether a request may go on: signature, API key and limits; the exchange learns who calls."""

from __future__ import annotations

from typing import Any

from moto.apigateway.models import apigateway_backends

from localaws.runtime import runtime
from localaws.services.apigateway.exchange import Exchange
from localaws.services.apigateway.gateway_responses import GatewayError
from localaws.services.apigateway.signatures import verify
from localaws.services.apigateway.throttling import check_stage, check_usage_plan


def admit(exchange: Exchange) -> None:
    """Raise GatewayError when the request may not go on.

    A signature tells who calls; whether IAM policies let them is looked at where they are enforced.
    """
    method, target = exchange.method, exchange.target
    if method is not None and method.authorization_type == "AWS_IAM":
        exchange.caller = verify(exchange.request, exchange.body, target.account, target.region)
        refusal = runtime().guard.refuses(
            exchange.caller.access_key, "execute-api:Invoke", exchange.execution_arn()
        )
        if refusal:
            raise GatewayError("ACCESS_DENIED", refusal)
    if method is not None and str(method.api_key_required).lower() == "true":
        _check_api_key(exchange)
    check_stage(exchange)


def _check_api_key(exchange: Exchange) -> None:
    target = exchange.target
    value = exchange.header("x-api-key")
    backend = apigateway_backends[target.account][target.region]
    key = next((key for key in list(backend.keys.values()) if value and key.value == value), None)
    if key is None or not key.enabled:
        raise GatewayError("INVALID_API_KEY")
    plan = _plan(backend, key.id, target.api.id, str(target.stage.name))
    if plan is None:
        raise GatewayError("INVALID_API_KEY")
    exchange.api_key, exchange.api_key_id = value, key.id
    check_usage_plan(plan, key.id)


def _plan(backend: Any, key_id: str, api_id: str, stage: str) -> Any:
    """Return the usage plan by which a key opens a stage, or None."""
    for plan in list(backend.usage_plans.values()):
        stages = {(entry["apiId"], entry["stage"]) for entry in plan.api_stages}
        if (api_id, stage) in stages and key_id in backend.usage_plan_keys.get(plan.id, {}):
            return plan
    return None
