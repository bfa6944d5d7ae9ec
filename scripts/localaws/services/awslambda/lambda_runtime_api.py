"""Lambda's runtime API, by HTTP, for one instance: what a runtime asks and tells goes to the instance."""

from __future__ import annotations

import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from localaws import processors

API = "/2018-06-01/runtime"
LOOK_UP_SECONDS = 1.0
"""How soon it ends matters little; every instance that stays warm looks up this often."""


class Event(Protocol):
    """An invocation as the runtime sees it."""

    request_id: str
    arn: str
    deadline: float
    payload: bytes
    client_context: str


class Served(Protocol):
    """Who has invocations for the runtime."""

    def next(self) -> Event | None:
        """Return the next invocation, None at the end of the instance."""

    def respond(self, request_id: str, body: bytes, *, error: bool) -> bool:
        """Take a handler's answer; False when nobody waits for it."""

    def fail_init(self, body: bytes) -> None:
        """Take the error with which the runtime could not load the handler."""


class RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True
    instance: Served

    @property
    def address(self) -> str:
        """``host:port``, for AWS_LAMBDA_RUNTIME_API."""
        host, port = self.server_address[:2]
        return f"{host!s}:{port}"

    def serve_forever(self, poll_interval: float = LOOK_UP_SECONDS) -> None:
        """Serve until `shutdown`, by threads that share a processor."""
        processors.share_one()
        super().serve_forever(poll_interval)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a runtime that was ended in the middle of a request, as one out of time is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _ApiHandler(BaseHTTPRequestHandler):
    """Lambda's runtime API for one instance."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.path != f"{API}/invocation/next":
            self._answer(404)
            return
        invocation = self.server.instance.next()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Content-Type": "application/json",
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._answer(200, invocation.payload, headers)

    def do_POST(self) -> None:
        body = self._body()
        parts = self.path.removeprefix(API).strip("/").split("/")
        match parts:
            case ["init", "error"]:
                self.server.instance.fail_init(body)
                self._answer(202)
            case ["invocation", request_id, "response" | "error" as kind]:
                taken = self.server.instance.respond(request_id, body, error=kind == "error")
                self._answer(202 if taken else 400)
            case _:
                self._answer(404)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        # In one piece, of which a runtime reads little: it waits for this twice in every invocation.
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the function's own log tells what happened."""


def serve(instance: Served, host: str) -> RuntimeApi:
    """Serve an instance at an address of this machine that its container reaches."""
    api = RuntimeApi((host, 0), _ApiHandler)
    api.instance = instance
    threading.Thread(target=api.serve_forever, name="runtime api", daemon=True).start()
    return api
