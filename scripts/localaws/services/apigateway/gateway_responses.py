"""What API Gateway answers by itself: an error's type becomes status, headers and body as the API customised them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from moto.apigateway.models import GatewayResponse

from localaws.services.apigateway.context_variables import context, substitute
from localaws.services.apigateway.exchange import Answer, Exchange, Failure
from localaws.services.apigateway.request_parameters import request_parameter

INTERNAL = "Internal server error"


class Kind(NamedTuple):
    """A gateway response type's default status, message and ``x-amzn-ErrorType``."""

    status: int
    message: str
    error_type: str


KINDS = {
    "ACCESS_DENIED": Kind(403, "Forbidden", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": Kind(500, INTERNAL, "InternalServerErrorException"),
    "BAD_REQUEST_BODY": Kind(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": Kind(400, "Missing required request parameters", "BadRequestException"),
    "DEFAULT_5XX": Kind(502, INTERNAL, "InternalServerErrorException"),
    "EXPIRED_TOKEN": Kind(
        403, "The security token included in the request is expired", "ExpiredTokenException"
    ),
    "INTEGRATION_FAILURE": Kind(504, INTERNAL, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": Kind(504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": Kind(403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": Kind(
        403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details.",
        "InvalidSignatureException",
    ),
    "MISSING_AUTHENTICATION_TOKEN": Kind(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": Kind(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": Kind(413, "Request Too Long", "RequestTooLongException"),
    "THROTTLED": Kind(429, "Too Many Requests", "TooManyRequestsException"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "Unsupported Media Type", "UnsupportedMediaTypeException"),
}
_DEFAULT_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}


class GatewayError(Exception):
    """API Gateway answers by itself.

    Parameters
    ----------
    type
        A gateway response type.
    message
        What the caller is told; default: the type's own message.
    validation
        For a body that breaks its model: how.
    error_type
        ``x-amzn-ErrorType`` where it is not the type's own.
    """

    def __init__(self, type: str, message: str = "", validation: str = "", error_type: str = "") -> None:
        self.failure = Failure(type, message or KINDS[type].message, validation)
        self.error_type = error_type or KINDS[type].error_type
        super().__init__(f"{type}: {self.failure.message}")


def answer_failure(exchange: Exchange, error: GatewayError) -> Answer:
    """Return the answer to a request that API Gateway does not hand on, or whose integration failed."""
    exchange.failure = error.failure
    kind = error.failure.type
    custom = exchange.target.snapshot.gateway_responses
    default = custom.get("DEFAULT_4XX" if KINDS[kind].status < 500 else "DEFAULT_5XX")
    chosen = custom.get(kind) or default
    status = (chosen and chosen.status_code) or (default and default.status_code) or KINDS[kind].status
    content_type, template = _template(exchange, (chosen and chosen.response_templates) or _DEFAULT_TEMPLATES)
    body = substitute(template, exchange, context(exchange), missing="")
    headers = [("Content-Type", content_type), ("x-amzn-ErrorType", error.error_type)]
    return Answer(int(status), headers + _parameters(exchange, chosen), body.encode())


def _template(exchange: Exchange, templates: Mapping[str, str]) -> tuple[str, str]:
    for wanted in [media_type for media_type, _ in exchange.request.accept_mimetypes] + ["application/json"]:
        if wanted in templates:
            return wanted, templates[wanted]
    return next(iter(templates.items()))


def _parameters(exchange: Exchange, chosen: GatewayResponse | None) -> list[tuple[str, str]]:
    prefix = "gatewayresponse.header."
    headers = []
    for name, source in ((chosen and chosen.response_parameters) or {}).items():
        value = _value(exchange, source)
        if name.startswith(prefix) and value:
            headers.append((name.removeprefix(prefix), value))
    return headers


def _value(exchange: Exchange, source: str) -> str:
    if source.startswith("'"):
        return source.strip("'")
    if source.startswith("context."):
        value = context(exchange).get(source.removeprefix("context."))
        return "" if value is None else str(value)
    if source.startswith("stageVariables."):
        return str(exchange.target.stage.variables.get(source.removeprefix("stageVariables."), ""))
    return request_parameter(exchange, source)
