"""A web server on this machine that stands for CloudFormation's presigned URLs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mailbox(ThreadingHTTPServer):
    """Takes PUTs; answers with the statuses that are left, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Letter)
        self.statuses: list[int] = []
        self.letters: list[tuple[str | None, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/secret-path"


class Letter(BaseHTTPRequestHandler):
    """One PUT."""

    server: Mailbox

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.letters.append((self.headers["Content-Type"], body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Serve a mailbox until the block ends."""
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
