"""Git for repositories at providers: by a connection as AWS offers it, or at the provider as the team has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from localaws.runtime import runtime
from localaws.services.codecommit import git_http
from localaws.services.codecommit.gitstore import GitStore
from localaws.services.codeconnections import provider_repositories
from localaws.services.codeconnections.models import connection_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_REPOSITORY = rf"(?P<name>[\w./-]+?)(?:\.git)?/(?P<rest>{git_http.REQUESTS})"
BY_CONNECTION = re.compile(
    rf"/git-http/(?P<account>\d{{12}})/(?P<region>[a-z0-9-]+)/(?P<connection>[0-9a-f-]{{36}})/{_REPOSITORY}"
)
AT_PROVIDER = re.compile(rf"/_localaws/git/(?P<provider>\w+)/{_REPOSITORY}")


def of_connections(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve ``https://codeconnections.<region>.amazonaws.com/git-http/<account>/<region>/<connection>/<name>.git``.

    Credentials are those of AWS's own helper: the access key as user name, a signature as password.
    """
    matched = BY_CONNECTION.fullmatch(environ.get("PATH_INFO", ""))
    if matched is None:
        return _refuse(start_response, "404 Not Found", "not a path of the git protocol")
    user = git_http.user_of(environ)
    if not user:
        return _refuse(start_response, "401 Unauthorized", "credentials needed")
    found = connection_of(matched["account"], matched["region"], matched["connection"])
    if found is None or found.status != "AVAILABLE":
        return _refuse(
            start_response, "403 Forbidden", f"connection {matched['connection']} is not available"
        )
    pushes = git_http.pushes(environ, matched["rest"])
    refusal = runtime().guard.uses_connection(user, found.arn, matched["name"], pushes=pushes)
    if refusal:
        return _refuse(start_response, "403 Forbidden", refusal)
    return _serve(found.provider, matched["name"], matched["rest"], user, environ, start_response)


def of_provider(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve ``/_localaws/git/<provider>/<name>.git`` to anybody: who may do what there is not AWS's."""
    matched = AT_PROVIDER.fullmatch(environ.get("PATH_INFO", ""))
    if matched is None:
        return _refuse(start_response, "404 Not Found", "not a path of the git protocol")
    user = git_http.user_of(environ) or "anybody"
    return _serve(matched["provider"], matched["name"], matched["rest"], user, environ, start_response)


def _serve(
    provider: str,
    name: str,
    rest: str,
    user: str,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    store = provider_repositories.store_of(provider, name)
    if store is None:
        return _refuse(start_response, "404 Not Found", f"{provider} has no repository {name}")
    if rest == git_http.RECEIVE:
        return _receive(store, provider, name, user, environ, start_response)
    return git_http.serve(store, rest, user, environ, start_response)


def _receive(
    store: GitStore,
    provider: str,
    name: str,
    user: str,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterator[bytes]:
    """Take a push; what it changed is told when git has finished."""
    with provider_repositories.lock_of(store):
        before = store.references()
        yield from git_http.serve(store, git_http.RECEIVE, user, environ, start_response)
        provider_repositories.tell(provider, name, before, store.references())


def _refuse(start_response: StartResponse, status: str, message: str) -> list[bytes]:
    return git_http.refuse(start_response, status, message, "AWS CodeConnections")
