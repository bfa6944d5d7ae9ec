"""What people do at a provider and in AWS's console: repositories are made and listed, connections completed."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from localaws.runtime import runtime
from localaws.services.codeconnections import provider_repositories
from localaws.services.codeconnections.models import all_connections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer = tuple[HTTPStatus, Any]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request.

    ``PUT`` or ``DELETE /_localaws/providers/<provider>/<owner>/<name>`` makes or deletes a repository, ``GET
    /_localaws/providers/<provider>`` lists them, ``POST /_localaws/connections/<id>`` completes a connection.
    """
    _, _, kind, name, *rest = environ.get("PATH_INFO", "").rstrip("/").split("/")
    method = environ["REQUEST_METHOD"]
    if kind == "connections" and method == "POST" and not rest:
        status, body = _complete(name)
    elif kind == "providers":
        status, body = _repositories(method, name, "/".join(rest))
    else:
        status, body = HTTPStatus.NOT_FOUND, {"message": f"localaws has no {method} for this path"}
    if status < HTTPStatus.BAD_REQUEST and method != "GET":
        runtime().changed()
    content = json.dumps(body).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [content]


def _complete(connection_id: str) -> Answer:
    found = next((one for one in all_connections() if one.connection_id == connection_id), None)
    if found is None:
        return HTTPStatus.NOT_FOUND, {"message": f"there is no connection {connection_id}"}
    found.status = "AVAILABLE"
    return HTTPStatus.OK, found.describe()


def _repositories(method: str, provider: str, full_name: str) -> Answer:
    if provider not in provider_repositories.PROVIDERS:
        known = ", ".join(provider_repositories.PROVIDERS)
        return HTTPStatus.NOT_FOUND, {"message": f"there is no provider {provider}: there is {known}"}
    if method == "GET" and not full_name:
        return HTTPStatus.OK, {"repositories": provider_repositories.names(provider)}
    if not provider_repositories.FULL_NAME.fullmatch(full_name):
        return HTTPStatus.BAD_REQUEST, {"message": f"{full_name!r} is no owner/name of a repository"}
    described = {"provider": provider, "name": full_name}
    if method == "PUT":
        made = provider_repositories.create(provider, full_name)
        return HTTPStatus.CREATED if made else HTTPStatus.OK, described
    if method == "DELETE" and provider_repositories.remove(provider, full_name):
        return HTTPStatus.OK, described
    return HTTPStatus.NOT_FOUND, {"message": f"{provider} has no repository {full_name}"}
