"""What a client and the log get when a call is not implemented or fails on our side: AWS's error shapes."""

from __future__ import annotations

import contextlib
import json
import logging
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.sax.saxutils import escape

from localaws.runtime import runtime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("localaws")


def answer(environ: WSGIEnvironment, start_response: StartResponse, error: Exception) -> Iterable[bytes]:
    """Answer a request that ended in an exception, and log it.

    An operation that neither moto nor localaws has is the client's concern (501, its name in the message); anything
    else is a defect (500, the traceback in ``log/errors.log`` of the data folder).
    """
    request = f"{environ['REQUEST_METHOD']} {environ.get('HTTP_HOST', '')}{environ.get('PATH_INFO', '')}"
    operation = environ.get("HTTP_X_AMZ_TARGET", request)
    if isinstance(error, NotImplementedError):
        status, code, message = "501 Not Implemented", "NotImplemented", f"localaws: {operation}: {error}"
        log.warning(message)
    else:
        status, code, message = (
            "500 Internal Server Error",
            "InternalFailure",
            f"localaws: {operation}: {error!r}",
        )
        log.error("%s failed: %r (traceback in %s)", operation, error, _record(operation, error))
    headers, body = shaped(environ, code, message)
    start_response(status, headers)
    return [body]


def shaped(environ: WSGIEnvironment, code: str, message: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of an error as the called service's protocol has it."""
    is_xml = "json" not in environ.get("CONTENT_TYPE", "") and _speaks_xml(environ)
    body = _xml(environ, code, message) if is_xml else json.dumps({"__type": code, "message": message})
    kind = "text/xml" if is_xml else "application/json"
    return [("Content-Type", kind), ("x-amzn-errortype", code)], body.encode()


def _record(operation: str, error: Exception) -> str:
    file = runtime().data / "log" / "errors.log"
    # A full disk must not cost the client its answer.
    with contextlib.suppress(OSError), _appended(file) as errors:
        errors.write(f"{operation}\n{''.join(traceback.format_exception(error))}\n")
    return str(file)


def _appended(file: Path) -> IO[str]:
    file.parent.mkdir(exist_ok=True)
    return file.open("a")


def _speaks_xml(environ: WSGIEnvironment) -> bool:
    """Tell the XML protocols (S3 and the query services) from the JSON ones by what a request looks like."""
    return _is_query(environ) or _is_s3(environ)


def _is_query(environ: WSGIEnvironment) -> bool:
    return str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")


def _is_s3(environ: WSGIEnvironment) -> bool:
    return "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", "")


def _xml(environ: WSGIEnvironment, code: str, message: str) -> str:
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if _is_s3(environ):
        return f"<Error>{error}</Error>"
    return f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
