"""What a caller reads whose request is denied: AWS's words in the error shape of the service's protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model

from localaws.iam.decisions import Decision, Principal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Error codes of services that do not say AccessDenied, or AccessDeniedException where they speak JSON.
_CODES = {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}
# JSON services that kept the code of their former query protocol, which clients see.
_QUERY_CODES = {"cloudwatch": "AccessDenied", "sqs": "AccessDenied"}
_STATUSES = {400: "400 Bad Request", 403: "403 Forbidden"}


def message(principal: Principal, action: str, resource: str, decision: Decision) -> str:
    """Return AWS's sentence about a denied request."""
    shown = f'"{resource}"' if action.startswith("s3:") and resource.startswith("arn:") else resource
    return (
        f"User: {principal.arn} is not authorized to perform: {action} on resource: {shown} {decision.reason}"
    )


def answer(
    environ: WSGIEnvironment, start_response: StartResponse, service: str, code: str, text: str
) -> Iterable[bytes]:
    """Answer a request to ``service`` with an error.

    Parameters
    ----------
    code
        The error code; empty for the one that the service denies access with.
    """
    protocol = _protocol(service, environ.get("CONTENT_TYPE", ""))
    status, headers, body = (_json if "json" in protocol else _xml)(service, protocol, code, text)
    start_response(
        _STATUSES[status], [*headers, ("x-amzn-RequestId", str(uuid4())), ("Content-Length", str(len(body)))]
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _protocol(service: str, content_type: str) -> str:
    try:
        return str(determine_request_protocol(get_service_model(service), content_type))
    except NotImplementedError:
        return "json"


def _json(service: str, protocol: str, code: str, text: str) -> tuple[int, list[tuple[str, str]], bytes]:
    code = code or "AccessDeniedException"
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)]
    if service in _QUERY_CODES and code.startswith("AccessDenied"):
        headers.append(("x-amzn-query-error", f"{_QUERY_CODES[service]};Sender"))
    body = json.dumps({"__type": code, "message": text, "Message": text}).encode()
    return 403 if protocol == "rest-json" else 400, headers, body


def _xml(service: str, protocol: str, code: str, text: str) -> tuple[int, list[tuple[str, str]], bytes]:
    code = code or _CODES.get(service, "AccessDenied")
    request = str(uuid4())
    inner = f"<Code>{code}</Code><Message>{escape(text)}</Message>"
    if protocol == "rest-xml":
        body = f"<Error>{inner}<RequestId>{request}</RequestId><HostId>localaws</HostId></Error>"
    else:
        error = f"<Error><Type>Sender</Type>{inner}</Error>"
        body = f"<ErrorResponse>{error}<RequestId>{request}</RequestId></ErrorResponse>"
    return 403, [("Content-Type", "text/xml")], body.encode()
