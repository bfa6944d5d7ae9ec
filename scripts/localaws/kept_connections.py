"""WSGI over HTTP/1.1 connections that are kept: one request after the other comes in, its answer goes out.

werkzeug's own handler ends the connection after each answer, and with it every client's TLS session.
"""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, cast

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wsgi import LimitedStream

from localaws import processors

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

IDLE_SECONDS = 300.0
MOST_LEFT_OVER = 64 * 1024 * 1024
"""Of a body that nobody wanted, read to get at the next request; a longer one ends the connection."""

_CHUNK = 1 << 16
_WITHOUT_BODY = (204, 304)


class Answer:
    """What an application gives to ``start_response``, and how it travels.

    Parameters
    ----------
    handler
        The connection.
    """

    def __init__(self, handler: KeepingHandler) -> None:
        self._handler = handler
        self._status = 0
        self._head = b""
        self._length: int | None = None
        self._sent = 0
        self._chunked = False
        self._empty = False
        self.begun = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Take status line and headers; nothing leaves before there is a body or the end."""
        if exc_info and self.begun:
            raise exc_info[1].with_traceback(exc_info[2])
        handler = self._handler
        names = {name.lower(): value for name, value in headers}
        self._status = int(status.split(None, 1)[0])
        self._empty = handler.command == "HEAD" or self._status in _WITHOUT_BODY or self._status < 200
        self._length = int(names["content-length"]) if "content-length" in names else None
        self._chunked = self._length is None and not self._empty and handler.request_version >= "HTTP/1.1"
        if self._length is None and not self._empty and not self._chunked:
            handler.close_connection = True
        if "close" in names.get("connection", "").lower():
            handler.close_connection = True
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        own = {"Server": handler.version_string(), "Date": handler.date_time_string()}
        lines += [f"{name}: {value}" for name, value in own.items() if name.lower() not in names]
        if self._chunked:
            lines.append("Transfer-Encoding: chunked")
        if handler.close_connection and "connection" not in names:
            lines.append("Connection: close")
        self._head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return self.write

    def write(self, data: bytes) -> None:
        """Send a piece of the body, with the head before the first one."""
        if not self._status:
            raise AssertionError("write() before start_response")
        if self._empty:
            data = b""
        elif self._length is not None:
            data = data[: self._length - self._sent]
        self._sent += len(data)
        if data and self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._send(data)

    def end(self) -> None:
        """Send what is left; a body that is shorter than it was said to be ends the connection."""
        if not self.begun or self._chunked:
            self._send(b"0\r\n\r\n" if self._chunked else b"")
        if not self._empty and self._length is not None and self._sent < self._length:
            self._handler.close_connection = True
        self._handler.log_request(self._status, self._sent)

    def _send(self, data: bytes) -> None:
        if not self.begun:
            data, self.begun = self._head + data, True
        if data:
            self._handler.connection.sendall(data)


class KeepingHandler(MotoRequestHandler):
    """Serves one request of a connection after the other, until the client or an answer ends it."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: KeepingServer

    def setup(self) -> None:
        """Begin with a connection that the server knows of."""
        super().setup()
        self.server.open.add(self)

    def finish(self) -> None:
        """End the connection."""
        self.server.open.discard(self)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request, and leave the connection where the next one begins."""
        environ = self.make_environ()
        body = _body(environ)
        environ["wsgi.input"] = body
        answer = Answer(self)
        try:
            with _closing(self.server.app(environ, answer.start)) as parts:
                for part in parts:
                    if part:
                        answer.write(part)
            answer.end()
            self._skip(body)
        except (OSError, ClientDisconnected) as error:
            self.close_connection = True
            self.connection_dropped(error, environ)
        except BaseException:
            self.close_connection = True
            raise

    def _skip(self, body: IO[bytes]) -> None:
        """Read what the application left of a request's body."""
        left = MOST_LEFT_OVER
        while not self.close_connection and (read := len(body.read(_CHUNK))):
            left -= read
            self.close_connection = left <= 0


class KeepingServer(ThreadedWSGIServer):
    """A thread for each connection; closing the server ends those that wait for another request."""

    daemon_threads = True

    def __init__(self, *args: Any, **options: Any) -> None:
        self.open: set[KeepingHandler] = set()
        super().__init__(*args, **options)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown`, by threads that share a processor."""
        processors.share_one()
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        """Take no more connections, and no more requests of those that there are."""
        super().shutdown()
        for handler in list(self.open):
            with contextlib.suppress(OSError):
                # Of the socket itself: TLS would forget its session, and an answer that is still to be sent needs it.
                socket.socket.shutdown(handler.connection, socket.SHUT_RD)


def _body(environ: WSGIEnvironment) -> IO[bytes]:
    """Return a request's body, which ends where it ends."""
    if environ.get("wsgi.input_terminated"):
        return cast("IO[bytes]", environ["wsgi.input"])
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdigit() or not int(length):
        return io.BytesIO()
    return cast("IO[bytes]", LimitedStream(environ["wsgi.input"], int(length)))


@contextlib.contextmanager
def _closing(parts: Iterable[bytes]) -> Iterator[Iterable[bytes]]:
    try:
        yield parts
    finally:
        if hasattr(parts, "close"):
            parts.close()
