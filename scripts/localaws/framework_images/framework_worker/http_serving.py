"""What answers requests in, an HTTP server with SageMaker's two paths around it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """A request to /invocations.

    Attributes
    ----------
    body
        As it came.
    content_type, accept
        Of the header fields; ``*/*`` and none alike are JSON for who answers.
    custom_attributes
        X-Amzn-SageMaker-Custom-Attributes.
    """

    body: bytes
    content_type: str = JSON
    accept: str = JSON
    custom_attributes: str = ""


@dataclass(frozen=True)
class Response:
    """An answer."""

    body: bytes
    content_type: str = JSON
    status: int = HTTPStatus.OK


Answer: TypeAlias = Callable[[Request], Response]


def refusal(status: int, message: str) -> Response:
    """Return an answer that says what is wrong, as both kinds of containers do."""
    return Response(json.dumps({"error": message}).encode(), status=status)


class Handler(BaseHTTPRequestHandler):
    """Takes requests for ``answer``, a class attribute of the subclass that a server is made with."""

    answer: Answer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(Response(b"{}", status=HTTPStatus.OK if self.path == "/ping" else HTTPStatus.NOT_FOUND))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/invocations":
            self._send(Response(b"{}", status=HTTPStatus.NOT_FOUND))
            return
        accept = self.headers.get("Accept", JSON)
        request = Request(
            body,
            self.headers.get("Content-Type", JSON),
            JSON if accept == "*/*" else accept,
            self.headers.get("X-Amzn-SageMaker-Custom-Attributes", ""),
        )
        self._send(type(self).answer(request))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *arguments: object) -> None:
        if self.path != "/ping":
            super().log_message(format, *arguments)


def server(answer: Answer, port: int, host: str) -> ThreadingHTTPServer:
    """Return a server that listens; its ``serve_forever`` answers."""
    return ThreadingHTTPServer((host, port), type("Bound", (Handler,), {"answer": staticmethod(answer)}))


def serve(answer: Answer, port: int) -> None:
    """Serve until the process ends."""
    server(answer, port, "0.0.0.0").serve_forever()  # noqa: S104 - a container's own network
