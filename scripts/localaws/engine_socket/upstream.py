"""The machine's Docker engine as the proxy calls it: single HTTP requests on its socket, or raw connections to it."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


class _SocketConnection(HTTPConnection):
    def __init__(self, connection: socket.socket) -> None:
        super().__init__("localhost")
        self.sock = connection


@dataclass(frozen=True)
class Upstream:
    """The engine behind a socket.

    Attributes
    ----------
    socket_path
        The engine's own socket.
    version, least_version
        The API version of the requests made here, such as ``1.41``, and the least that the engine answers.
    """

    socket_path: Path
    version: str
    least_version: str

    def connect(self) -> socket.socket:
        """Open a raw connection."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self.socket_path))
        return connection

    @contextlib.contextmanager
    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HTTPResponse]:
        """Send a request and yield the answer, which may still be streaming."""
        connection = _SocketConnection(self.connect())
        sent = {"Content-Type": "application/json", "Connection": "close", **(headers or {})}
        content = None if body is None else json.dumps(body)
        with contextlib.closing(connection):
            connection.request(method, f"/v{self.version}{path}?{urlencode(query)}", content, sent)
            yield connection.getresponse()

    def supported(self, version: str) -> str:
        """Return the API version that stands for a client's: no older one than the engine answers."""
        return max(version, self.least_version, key=lambda text: [int(part) for part in text.split(".")])
