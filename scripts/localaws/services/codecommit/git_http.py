"""Git over HTTP for any repository: a request comes in, streams through git http-backend, and is answered."""

from __future__ import annotations

import base64
import binascii
import contextlib
import subprocess
import threading
from collections.abc import Iterator
from functools import cache
from http.client import responses
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import parse_qs

from localaws.services.codecommit.gitstore import GIT_ENVIRONMENT, GitStore, git_program

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REQUESTS = r"info/refs|git-upload-pack|git-receive-pack"
"""What the paths of the protocol end with, as a pattern."""
RECEIVE = "git-receive-pack"
CHUNK = 64 * 1024
PASSED_ON = ("QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_CONTENT_ENCODING")


def pushes(environ: WSGIEnvironment, rest: str) -> bool:
    """Tell whether a request belongs to a push: the listing before it names the service that it is for."""
    asked = parse_qs(environ.get("QUERY_STRING", "")).get("service", [])
    return RECEIVE in (rest, *asked)


def user_of(environ: WSGIEnvironment) -> str:
    """Return the user name of Basic credentials; on the loopback interface the password is not checked."""
    scheme, _, encoded = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    with contextlib.suppress(binascii.Error, UnicodeDecodeError):
        return base64.b64decode(encoded).decode().partition(":")[0]
    return ""


def refuse(start_response: StartResponse, status: str, message: str, realm: str) -> list[bytes]:
    """Answer in words that git shows; ``realm`` is whose credentials are wanted."""
    body = f"{message}\n".encode()
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    if status.startswith("401"):
        headers.append(("WWW-Authenticate", f'Basic realm="{realm}"'))
    start_response(status, headers)
    return [body]


def serve(
    store: GitStore, rest: str, user: str, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterator[bytes]:
    """Run git http-backend (a CGI program) on the request; the first item waits for its headers."""
    process = subprocess.Popen(  # noqa: S603
        [_http_backend()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_cgi_environment(store, rest, user, environ),
    )
    request, answer = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    feeder = threading.Thread(target=_feed, args=(environ, request), daemon=True)
    feeder.start()
    try:
        status, headers = _cgi_headers(answer)
        start_response(status, headers)
        yield b""
        while chunk := answer.read(CHUNK):
            yield chunk
        feeder.join()
    finally:
        answer.close()
        process.terminate()
        process.wait()


@cache
def _http_backend() -> str:
    found = subprocess.run([git_program(), "--exec-path"], capture_output=True, check=True)  # noqa: S603
    return f"{found.stdout.decode().strip()}/git-http-backend"


def _cgi_environment(store: GitStore, rest: str, user: str, environ: WSGIEnvironment) -> dict[str, str]:
    variables = {name: str(environ[name]) for name in PASSED_ON if environ.get(name)}
    return {
        **GIT_ENVIRONMENT,
        **variables,
        "GIT_PROJECT_ROOT": str(store.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""),
        "PATH_INFO": f"/{store.path.name}/{rest}",
        "REMOTE_USER": user,
        "REMOTE_ADDR": environ.get("REMOTE_ADDR", ""),
    }


def _feed(environ: WSGIEnvironment, pipe: IO[bytes]) -> None:
    body = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    remaining = int(length) if length else (1 << 62 if environ.get("wsgi.input_terminated") else 0)
    # git may refuse a push before it has read all of it.
    with contextlib.suppress(BrokenPipeError), pipe:
        while remaining and (chunk := body.read(min(CHUNK, remaining))):
            pipe.write(chunk)
            remaining -= len(chunk)


def _cgi_headers(stream: IO[bytes]) -> tuple[str, list[tuple[str, str]]]:
    status, headers = "200 OK", []
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = value.strip()
        else:
            headers.append((name, value.strip()))
    code = status.split(" ")[0]
    return f"{code} {responses.get(int(code), 'Unknown')}", headers
