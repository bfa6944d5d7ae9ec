"""``git clone``, ``fetch`` and ``push`` over HTTP: requests come in, stream through git http-backend, events go out."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import subprocess
import threading
from collections.abc import Iterator
from functools import cache
from http.client import responses
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import parse_qs

from moto.codecommit.models import codecommit_backends
from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from localaws.runtime import runtime
from localaws.services.codecommit.gitstore import GIT_ENVIRONMENT, git_program
from localaws.services.codecommit.refchanges import publish_changes
from localaws.services.codecommit.repositories import Repository, repositories_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = r"git-codecommit(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com"
PATH = re.compile(
    r"/v1/repos/(?P<name>[\w.-]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)
CHUNK = 64 * 1024
ACCESS_KEY = re.compile(r"[A-Z0-9]{16,128}")
PASSED_ON = ("QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_CONTENT_ENCODING")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve the smart HTTP protocol of every repository."""
    matched = PATH.fullmatch(environ.get("PATH_INFO", ""))
    if matched is None:
        return _refuse(start_response, "404 Not Found", "not a path of the git protocol")
    user = _user(environ)
    if not user:
        return _refuse(start_response, "401 Unauthorized", "credentials needed")
    account = _account(user)
    repository = _find(account, environ.get("HTTP_HOST", ""), matched["name"])
    if repository is None:
        return _refuse(start_response, "404 Not Found", f"repository {matched['name']} not found")
    refusal = runtime().guard.clones(user, repository.arn, pushes=_pushes(environ, matched["rest"]))
    if refusal:
        return _refuse(start_response, "403 Forbidden", refusal)
    if matched["rest"] == "git-receive-pack":
        return _receive(repository, _caller_arn(account, repository.region, user), environ, start_response)
    return _backend(repository, matched["rest"], user, environ, start_response)


def _pushes(environ: WSGIEnvironment, rest: str) -> bool:
    """Tell whether a request belongs to a push: the listing before it names the service that it is for."""
    asked = parse_qs(environ.get("QUERY_STRING", "")).get("service", [])
    return "git-receive-pack" in (rest, *asked)


def _refuse(start_response: StartResponse, status: str, message: str) -> list[bytes]:
    body = f"{message}\n".encode()
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    if status.startswith("401"):
        headers.append(("WWW-Authenticate", 'Basic realm="CodeCommit"'))
    start_response(status, headers)
    return [body]


def _user(environ: WSGIEnvironment) -> str:
    """Return the user name of Basic credentials; on the loopback interface the password is not checked."""
    scheme, _, encoded = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    with contextlib.suppress(binascii.Error, UnicodeDecodeError):
        return base64.b64decode(encoded).decode().partition(":")[0]
    return ""


def _account(user: str) -> str:
    # git-remote-codecommit and the CLI's credential helper send `<access key>[%<session token>]`.
    key = user.partition("%")[0]
    return get_account_id_from(key) if ACCESS_KEY.fullmatch(key) else runtime().account_id


def _caller_arn(account: str, region: str, user: str) -> str:
    key, partition = user.partition("%")[0], get_partition(region)
    if ACCESS_KEY.fullmatch(key):
        return str(sts_backends[account][partition].get_caller_identity(key, region)[1])
    return f"arn:{partition}:iam::{account}:user/{user}"


def _find(account: str, host: str, name: str) -> Repository | None:
    """Return a repository by the region in the host name, or on the plain endpoint the one region that has it."""
    parts = host.split(".")
    regions = [parts[1]] if host.startswith("git-codecommit") else list(codecommit_backends[account])
    for region in regions:
        found = repositories_of(account, region).by_name.get(name)
        if found is not None:
            return found
    return None


def _receive(
    repository: Repository, caller_arn: str, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterator[bytes]:
    """Take a push; what it changed is told when git has finished."""
    with repository.lock:
        before = repository.git.references()
        yield from _backend(repository, "git-receive-pack", caller_arn, environ, start_response)
        publish_changes(repository, before, repository.git.references(), caller_arn)


def _backend(
    repository: Repository, rest: str, user: str, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterator[bytes]:
    """Run git http-backend (a CGI program) on the request; the first item waits for its headers."""
    process = subprocess.Popen(  # noqa: S603
        [_http_backend()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_cgi_environment(repository, rest, user, environ),
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


def _cgi_environment(
    repository: Repository, rest: str, user: str, environ: WSGIEnvironment
) -> dict[str, str]:
    variables = {name: str(environ[name]) for name in PASSED_ON if environ.get(name)}
    return {
        **GIT_ENVIRONMENT,
        **variables,
        "GIT_PROJECT_ROOT": str(repository.git.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""),
        "PATH_INFO": f"/{repository.git.path.name}/{rest}",
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
