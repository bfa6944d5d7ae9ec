"""The WSGI application behind every execute-api host: finds the method, admits, validates, integrates, answers."""

from __future__ import annotations

import gzip
import json
import logging
import uuid
import zlib
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from localaws.services.apigateway.accounting import account_for
from localaws.services.apigateway.admission import admit
from localaws.services.apigateway.exchange import Answer, Exchange
from localaws.services.apigateway.gateway_responses import GatewayError, answer_failure
from localaws.services.apigateway.lambda_proxy import call_function
from localaws.services.apigateway.mock_integration import answer_mock
from localaws.services.apigateway.request_validation import check_request
from localaws.services.apigateway.routing import HOST, PATH, find_resource, find_target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["HOST", "PATH", "application"]

log = logging.getLogger("localaws.apigateway")
MAX_BODY = 10 * 1024 * 1024


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request to a deployed REST API."""
    request = Request(environ)
    # Read to its end whatever its size: what is left over would be taken for the next request.
    body = request.get_data()
    return _respond(request, body)(environ, start_response)


def _respond(request: Request, body: bytes) -> Response:
    target = find_target(request)
    if target is None:
        # What AWS answers for a stage that does not exist; an API that does not exist has no host there.
        return Response(
            json.dumps({"message": "Forbidden"}),
            status=403,
            content_type="application/json",
            headers={"x-amzn-ErrorType": "ForbiddenException", "x-amzn-RequestId": str(uuid.uuid4())},
        )
    exchange = Exchange(target, request, body)
    answer = _serve(exchange)
    account_for(exchange, answer)
    return _response(exchange, answer)


def _serve(exchange: Exchange) -> Answer:
    try:
        if len(exchange.body) > MAX_BODY:
            raise GatewayError("REQUEST_TOO_LARGE")
        _find_method(exchange)
        admit(exchange)
        _decode_body(exchange)
        check_request(exchange)
        return _integrate(exchange)
    except GatewayError as error:
        return answer_failure(exchange, error)
    except Exception:
        log.exception("%s %s failed", exchange.request.method, exchange.path)
        return answer_failure(exchange, GatewayError("API_CONFIGURATION_ERROR"))


def _decode_body(exchange: Exchange) -> None:
    # With compression enabled API Gateway hands compressed bodies on as text.
    compressed = exchange.header("Content-Encoding").lower() in ("gzip", "deflate")
    if not compressed or exchange.target.snapshot.minimum_compression_size is None:
        return
    try:
        exchange.body = zlib.decompress(exchange.body, wbits=zlib.MAX_WBITS | 32)
    except zlib.error as error:
        raise GatewayError("BAD_REQUEST_BODY", "Could not decompress the request body") from error


def _find_method(exchange: Exchange) -> None:
    found = find_resource(exchange.target.snapshot.resources, exchange.target.path)
    if found is not None:
        exchange.resource, exchange.path_parameters = found
        methods = exchange.resource.methods
        exchange.method = methods.get(exchange.request.method) or methods.get("ANY")
    if exchange.method is None:
        # Not 404: this is what AWS says about a path or method that the API has not.
        raise GatewayError("MISSING_AUTHENTICATION_TOKEN")


def _integrate(exchange: Exchange) -> Answer:
    integration = exchange.method.method_integration if exchange.method else None
    if integration is None:
        raise GatewayError("API_CONFIGURATION_ERROR", "No integration defined for method")
    if integration.integration_type == "MOCK":
        return answer_mock(exchange)
    return call_function(exchange)


def _response(exchange: Exchange, answer: Answer) -> Response:
    response = Response(answer.body, status=answer.status)
    response.headers.remove("Content-Type")
    for name, value in answer.headers:
        response.headers.add(name, value)
    for name, value in (
        ("x-amzn-RequestId", exchange.request_id),
        ("x-amz-apigw-id", exchange.extended_id),
        ("X-Amzn-Trace-Id", exchange.trace_id),
    ):
        response.headers[name] = value
    _compress(exchange, response)
    return response


def _compress(exchange: Exchange, response: Response) -> None:
    smallest = exchange.target.snapshot.minimum_compression_size
    accepts = "gzip" in exchange.header("Accept-Encoding").lower()
    if smallest is None or not accepts or response.headers.get("Content-Encoding"):
        return
    body = response.get_data()
    if body and len(body) >= smallest:
        response.set_data(gzip.compress(body))
        response.headers["Content-Encoding"] = "gzip"
