"""``git clone``, ``fetch`` and ``push`` over HTTP: requests come in, repositories serve them, events go out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from moto.codecommit.models import codecommit_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from localaws.accounts import account_of
from localaws.runtime import runtime
from localaws.services.codecommit import git_http
from localaws.services.codecommit.refchanges import publish_changes
from localaws.services.codecommit.repositories import Repository, repositories_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = r"git-codecommit(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com"
PATH = re.compile(rf"/v1/repos/(?P<name>[\w.-]+?)(?:\.git)?/(?P<rest>{git_http.REQUESTS})")
ACCESS_KEY = re.compile(r"[A-Z0-9]{16,128}")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve the smart HTTP protocol of every repository."""
    matched = PATH.fullmatch(environ.get("PATH_INFO", ""))
    if matched is None:
        return _refuse(start_response, "404 Not Found", "not a path of the git protocol")
    user = git_http.user_of(environ)
    if not user:
        return _refuse(start_response, "401 Unauthorized", "credentials needed")
    account = _account(user)
    repository = _find(account, environ.get("HTTP_HOST", ""), matched["name"])
    if repository is None:
        return _refuse(start_response, "404 Not Found", f"repository {matched['name']} not found")
    refusal = runtime().guard.clones(user, repository.arn, pushes=git_http.pushes(environ, matched["rest"]))
    if refusal:
        return _refuse(start_response, "403 Forbidden", refusal)
    if matched["rest"] == git_http.RECEIVE:
        return _receive(repository, _caller_arn(account, repository.region, user), environ, start_response)
    return git_http.serve(repository.git, matched["rest"], user, environ, start_response)


def _refuse(start_response: StartResponse, status: str, message: str) -> list[bytes]:
    return git_http.refuse(start_response, status, message, "CodeCommit")


def _account(user: str) -> str:
    # git-remote-codecommit and the CLI's credential helper send `<access key>[%<session token>]`.
    key = user.partition("%")[0]
    return account_of(key) if ACCESS_KEY.fullmatch(key) else runtime().account_id


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
        yield from git_http.serve(repository.git, git_http.RECEIVE, caller_arn, environ, start_response)
        publish_changes(repository, before, repository.git.references(), caller_arn)
