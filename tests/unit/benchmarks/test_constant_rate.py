from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from constant_rate import FAILED, offer

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


class Slow(BaseHTTPRequestHandler):
    """Answers a tenth of a second late, every fifth request with 429."""

    protocol_version = "HTTP/1.1"
    numbers: Iterator[int]

    def do_POST(self) -> None:
        status = 429 if next(self.numbers) % 5 == 0 else 200
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.1)
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    handler = type("Handler", (Slow,), {"numbers": itertools.count()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        made.daemon_threads = True
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()


def address(server: ThreadingHTTPServer) -> tuple[str, int]:
    return "127.0.0.1", server.server_address[1]


def test_requests_are_sent_at_their_rate_whether_or_not_earlier_ones_are_answered(
    server: ThreadingHTTPServer,
) -> None:
    load = offer(address(server), lambda: REQUEST, 50.0, 1.0)
    assert load.requests == 50
    assert load.late <= sum(each > 200.0 for each in load.milliseconds), "what is sent late is answered late"
    assert load.most_at_once >= 3, "a sender that waits would have one"
    assert load.percentile(0.0) >= 100.0
    assert load.percentile(0.5) <= load.percentile(0.99)
    assert load.seconds >= 1.0
    assert load.answered_a_second == pytest.approx(50 / load.seconds)


def test_a_sender_that_falls_behind_says_so(server: ThreadingHTTPServer) -> None:
    def slow() -> bytes:
        time.sleep(0.3)
        return REQUEST

    assert offer(address(server), slow, 50.0, 0.1).late > 0


def test_answers_are_counted_by_status(server: ThreadingHTTPServer) -> None:
    load = offer(address(server), lambda: REQUEST, 100.0, 0.5)
    assert load.statuses == {200: 40, 429: 10}
    assert load.others(200) == 10
    assert load.others(200, 429) == 0


def test_a_server_that_is_not_there_is_a_failure_for_each_request() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        assert offer(deaf.getsockname(), lambda: REQUEST, 100.0, 0.05).statuses == {FAILED: 5}
