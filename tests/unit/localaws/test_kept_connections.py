from __future__ import annotations

import http.client
import io
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from localaws.kept_connections import KeepingHandler, KeepingServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


class Quiet(KeepingHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def serving(application: Application) -> Iterator[KeepingServer]:
    server = KeepingServer("127.0.0.1", 0, application, Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def connected(application: Application) -> Iterator[http.client.HTTPConnection]:
    with serving(application) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.connect()
        first = connection.sock
        try:
            yield connection
            assert connection.sock in (None, first), "the client had to connect anew"
        finally:
            connection.close()


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def test_a_connection_carries_one_request_after_the_other() -> None:
    with connected(echo) as connection:
        for body in (b"first", b"", b"third"):
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == body
        assert connection.sock is not None


def test_connections_share_a_processor() -> None:
    def tell(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [" ".join(map(str, os.sched_getaffinity(0))).encode()]

    with serving(tell) as server:
        seen = set()
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("GET", "/")
            seen.add(connection.getresponse().read())
            connection.close()
    assert len(seen) == 1
    assert seen.pop().isdigit()


def test_a_body_that_nobody_reads_is_not_taken_for_the_next_request() -> None:
    def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("413 Too Large", [("Content-Length", "2")])
        return [b"no"]

    with connected(refuse) as connection:
        for body in (b"x" * 300_000, iter([b"y" * 70_000, b"z"])):
            connection.request("POST", "/", body)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (413, b"no")
        assert connection.sock is not None


def test_a_body_in_pieces_arrives_and_leaves_in_pieces() -> None:
    def pieces(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield environ["wsgi.input"].read()
        yield b""
        yield b" and more"

    with connected(pieces) as connection:
        for _ in range(2):
            connection.request("POST", "/", iter([b"one", b"two"]))
            answer = connection.getresponse()
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert answer.read() == b"onetwo and more"


def test_an_answer_without_a_body_has_none_even_if_the_application_gives_one() -> None:
    with connected(echo) as connection:
        connection.request("HEAD", "/", b"abc")
        answer = connection.getresponse()
        assert (answer.headers["Content-Length"], answer.read()) == ("3", b"")
        connection.request("POST", "/", b"abc")
        assert connection.getresponse().read() == b"abc"


def test_an_answer_longer_than_it_says_is_cut_and_one_that_is_shorter_ends_the_connection() -> None:
    said = iter(("2", "9"))

    def wrong(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", next(said))])
        return [b"abc"]

    with serving(wrong) as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        with client.makefile("rb") as answers:
            assert answers.read().count(b"\r\n\r\nab") == 2


def test_a_client_that_wants_no_more_is_left_alone() -> None:
    with serving(echo) as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
        with client.makefile("rb") as answers:
            assert answers.read().lower().count(b"connection: close") == 1


def test_an_old_client_gets_its_answer_to_the_end_of_the_connection() -> None:
    def unknown(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"ab", b"cd"]

    with (
        serving(unknown) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as client,
    ):
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with client.makefile("rb") as answers:
            assert answers.read().endswith(b"\r\n\r\nabcd")


def test_a_body_that_breaks_off_ends_the_connection() -> None:
    seen = io.BytesIO()

    def count(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.write(b"called")
        return echo(environ, start_response)

    with serving(count) as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhi")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert seen.getvalue() == b"called"


def test_the_end_of_the_server_is_the_end_of_connections_that_wait() -> None:
    with serving(echo) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        client.request("POST", "/", b"abc")
        assert client.getresponse().read() == b"abc"
        waiting = client.sock
    assert waiting.recv(1) == b""
    client.close()
