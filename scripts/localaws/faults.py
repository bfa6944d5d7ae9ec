"""Faults on purpose: an admin request names API calls by pattern, and the next of them fail, wait or break off.

``POST /_localaws/faults`` takes one fault as JSON, ``GET`` lists them with how often each struck, ``DELETE`` ends the
one named by number (``?3``) or all of them, ``PUT`` sets a `Pace`. `Application` in ``localaws.server`` hands every
request through `strike` before anything answers it.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import socket
import threading
import urllib.parse
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from localaws import failures, pace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/_localaws/faults"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([a-z0-9-]+)/aws4_request")
_LARGEST_FORM = 1 << 20


class BrokenOff(ConnectionResetError):
    """The connection was cut on purpose: nobody is there to be answered."""


class Fault(BaseModel):
    """What happens to which API calls.

    Attributes
    ----------
    request
        Regular expression, searched in ``<service>.<operation> <METHOD> <host><path>?<query>``. The operation is
        empty for services that tell it by method and path (S3, Lambda, API Gateway).
    times
        How many calls it strikes; then it is over.
    after
        How many matching calls it lets pass first.
    delay
        Seconds that a struck call waits before anything else happens to it; less if the fault is ended meanwhile.
    drop
        Break the connection off instead of answering.
    status, code, message
        The error that is answered instead of carrying the call out; a code makes it one.
    """

    model_config = ConfigDict(extra="forbid")

    request: str = Field(min_length=1)
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    delay: float = Field(default=0.0, ge=0.0, le=900.0)
    drop: bool = False
    status: int = Field(default=400, ge=400, le=599)
    code: str = ""
    message: str = "injected"
    hits: int = Field(default=0, init=False)
    passed: int = Field(default=0, init=False)
    _ended: threading.Event = PrivateAttr(default_factory=threading.Event)

    def take(self) -> bool:
        """Tell whether the fault strikes a call that it means, and count the call."""
        if self.passed < self.after:
            self.passed += 1
            return False
        if self.hits >= self.times:
            return False
        self.hits += 1
        return True

    def wait(self) -> None:
        """Let a struck call wait, at most until the fault is ended."""
        self._ended.wait(self.delay)

    def end(self) -> None:
        """Let calls that still wait go on."""
        self._ended.set()

    @field_validator("request")
    @classmethod
    def _is_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return value


class Pace(BaseModel):
    """How many seconds a minute of a time-out lasts (builds, approvals and other actions of pipelines)."""

    model_config = ConfigDict(extra="forbid")

    minute: float = Field(gt=0.0, le=pace.MINUTE)


_faults: dict[int, Fault] = {}
_numbers = itertools.count(1)
_lock = threading.Lock()


def administer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request to `PATH`: add a fault, list them, or end them."""
    method = environ["REQUEST_METHOD"]
    answer: Any = {}
    try:
        if method == "POST":
            answer = {"id": _add(Fault.model_validate_json(_body(environ)))}
        elif method == "PUT":
            pace.set_minute(Pace.model_validate_json(_body(environ)).minute)
        elif method == "DELETE":
            _end(environ.get("QUERY_STRING", ""))
        else:
            answer = {str(number): fault.model_dump() for number, fault in _faults.items()}
        status = HTTPStatus.OK
    except ValidationError as error:
        status, answer = HTTPStatus.BAD_REQUEST, {"message": str(error)}
    start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


def strike(
    application: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Let the first fault that means this call have it, else carry it out by ``application``."""
    fault = _meant(environ) if _faults else None
    if fault is None:
        return application(environ, start_response)
    fault.wait()
    if fault.drop:
        _break_off(environ)
    if not fault.code:
        return application(environ, start_response)
    phrase = HTTPStatus(fault.status).phrase
    headers, body = failures.shaped(environ, fault.code, fault.message)
    start_response(f"{fault.status} {phrase}", headers)
    return [body]


def describe_call(environ: WSGIEnvironment) -> str:
    """Return the text that a fault's pattern is searched in."""
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
    call = f"{_service(environ, host)}.{_operation(environ)}"
    return f"{call} {environ['REQUEST_METHOD']} {host}{path}?{query}"


def _add(fault: Fault) -> int:
    with _lock:
        number = next(_numbers)
        _faults[number] = fault
    return number


def _end(number: str) -> None:
    """End the fault of this number, all of them without one."""
    with _lock:
        for each in [int(number)] if number.isdigit() else list(_faults):
            if each in _faults:
                _faults.pop(each).end()


def _meant(environ: WSGIEnvironment) -> Fault | None:
    call = describe_call(environ)
    with _lock:
        meant = (fault for fault in _faults.values() if re.search(fault.request, call))
        return next((fault for fault in meant if fault.take()), None)


def _service(environ: WSGIEnvironment, host: str) -> str:
    signed = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed:
        return signed[1]
    return "s3" if re.search(r"(^|\.)s3[.-]", host) else host.split(".", 1)[0]


def _operation(environ: WSGIEnvironment) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET", ""):
        return str(target).rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = urllib.parse.parse_qs(_body(environ).decode(errors="replace"))
        return form.get("Action", [""])[0]
    return ""


def _body(environ: WSGIEnvironment) -> bytes:
    """Read a request's body, and leave it to be read again."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(min(length, _LARGEST_FORM)) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _break_off(environ: WSGIEnvironment) -> None:
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise BrokenOff("broken off by an injected fault")
