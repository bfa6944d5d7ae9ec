"""Holds the answers of a WSGI application against botocore's model: request in, its answer or ModelViolation out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

from localaws.api_calls import identify
from localaws.model_constraints import violations as constraint_violations
from localaws.strict.departures import departs
from localaws.strict.error_answers import error_faults
from localaws.strict.parsers import PARSERS
from localaws.strict.violations import violated

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON = ("application/json", "application/x-amz-json-1.0", "application/x-amz-json-1.1")
# These answer by HTTP's own rules: a status per request, an error without a model.
_FREE_STATUS = {"s3", "lambda", "sagemaker-runtime"}


def checked(application: WSGIApplication, backend_of: Callable[[WSGIEnvironment], str]) -> WSGIApplication:
    """Return ``application``, raising ModelViolation in place of an answer that its model does not allow.

    Parameters
    ----------
    application
        What answers API calls.
    backend_of
        Returns moto's name of the service that a request is for.
    """

    def strict(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        operation = identify(environ, backend_of(environ))
        if operation is None or environ["REQUEST_METHOD"] == "OPTIONS" or _streams(operation):
            return application(environ, start_response)
        answer = _Answer()
        body = b"".join(application(environ, answer.start))
        protocol = _protocol(operation, environ.get("CONTENT_TYPE", ""))
        service = str(operation.service_model.service_name)
        found = [
            fault
            for fault in faults(operation, protocol, answer.status, answer.headers, body)
            if not departs(service, operation.name, fault)
        ]
        violated(service, operation.name, found)
        answer.forward(start_response)
        return [body]

    return strict


def faults(
    operation: OperationModel, protocol: str, status: int, headers: dict[str, str], body: bytes
) -> list[str]:
    """Return what an answer has that the model of its operation does not allow.

    Parameters
    ----------
    operation
        What was asked.
    protocol
        How it was asked, and is answered: ``json``, ``query``, ``rest-json`` ...
    status, headers, body
        The answer.
    """
    parser = PARSERS[protocol](operation)
    folded = HTTPHeaders.from_dict(headers)
    try:
        parsed = parser.parse(
            {"status_code": status, "headers": folded, "body": body}, operation.output_shape
        )
    except Exception as error:
        return [f"botocore cannot read it ({error!r}): {body[:500]!r}"]
    if status >= 301:
        return error_faults(operation, protocol, status, parsed)
    found = list(parser.faults)
    expected = int(operation.http.get("responseCode", 200))
    if operation.service_model.service_name not in _FREE_STATUS and status != expected:
        found.append(f"status {status} instead of {expected}")
    if operation.output_shape is not None and not found:
        # Of values of the right types only.
        found += constraint_violations(operation.output_shape, parsed, "", answered=True)
    return found


def _protocol(operation: OperationModel, content_type: str) -> str:
    """Return the protocol of a request, of those that its service speaks."""
    own = str(operation.service_model.protocol)
    spoken = operation.service_model.metadata.get("protocols", [own])
    if content_type in JSON and "json" in spoken:
        return "json"
    if content_type.startswith("application/x-www-form-urlencoded"):
        return "ec2" if "ec2" in spoken else "query"
    return own


def _streams(operation: OperationModel) -> bool:
    return bool(operation.has_streaming_output or operation.has_event_stream_output)


class _Answer:
    """What an application gave to ``start_response``."""

    def __init__(self) -> None:
        self._line = "200 OK"
        self._headers: list[tuple[str, str]] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self._line, self._headers = status, headers
        return lambda _: None

    @property
    def status(self) -> int:
        return int(self._line.split()[0])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self._headers)

    def forward(self, start_response: StartResponse) -> None:
        start_response(self._line, self._headers)
