"""Writes down what happened to a request: the stage's access log, execution log and CloudWatch metrics."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable

from moto.apigateway.models import apigateway_backends

from localaws.metric_batch import MetricBatch
from localaws.runtime import runtime
from localaws.services.apigateway.context_variables import NOT_THERE, context, substitute
from localaws.services.apigateway.exchange import Answer, Exchange
from localaws.services.apigateway.throttling import method_settings

UNITS = {"Latency": "Milliseconds", "IntegrationLatency": "Milliseconds"} | dict.fromkeys(
    ("Count", "4XXError", "5XXError"), "Count"
)


def account_for(exchange: Exchange, answer: Answer) -> None:
    """Log and measure an exchange that is over."""
    _write_access_log(exchange, answer)
    _write_execution_log(exchange)
    _put_metrics(exchange, answer)


def _stream(exchange: Exchange) -> str:
    """Return the log stream: AWS spreads a stage's lines over streams named by a hash, here it is one."""
    name = f"{exchange.target.api.id}/{exchange.target.stage.name}"
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def _writer(exchange: Exchange, group: str) -> Callable[[str], None]:
    """Return what writes to a log group with the role that API Gateway was given for the account."""
    target = exchange.target
    account = apigateway_backends[target.account][target.region].account
    role = account.cloudwatch_role_arn or ""
    return runtime().log_writer(target.region, group, _stream(exchange), role, target.account)


def _write_access_log(exchange: Exchange, answer: Answer) -> None:
    settings = exchange.target.stage.access_log_settings or {}
    destination, form = str(settings.get("destinationArn", "")), settings.get("format")
    if form and ":log-group:" in destination:
        group = destination.partition(":log-group:")[2].removesuffix(":*")
        line = substitute(form, exchange, context(exchange, answer), missing=NOT_THERE)
        _writer(exchange, group)(line.rstrip("\n"))


def _write_execution_log(exchange: Exchange) -> None:
    settings = method_settings(exchange) or {}
    if settings.get("loggingLevel") not in ("ERROR", "INFO") or not exchange.integration_error:
        return
    target = exchange.target
    group = f"API-Gateway-Execution-Logs_{target.api.id}/{target.stage.name}"
    _writer(exchange, group)(f"({exchange.request_id}) {exchange.integration_error}")


def _put_metrics(exchange: Exchange, answer: Answer) -> None:
    measured = {
        "Count": 1.0,
        "4XXError": float(400 <= answer.status < 500),
        "5XXError": float(answer.status >= 500),
        "Latency": float(exchange.milliseconds),
    }
    if exchange.integration_milliseconds is not None:
        measured["IntegrationLatency"] = float(exchange.integration_milliseconds)
    target = exchange.target
    _metrics(target.account, target.region, target.api.name, str(target.stage.name)).add(measured)


@functools.cache
def _metrics(account: str, region: str, api: str, stage: str) -> MetricBatch:
    dimensions = [{"ApiName": api}, {"ApiName": api, "Stage": stage}]
    return MetricBatch(account, region, "AWS/ApiGateway", dimensions, UNITS)
