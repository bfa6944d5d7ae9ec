"""Finds what a request is for: API and stage by host or path, then the resource whose path fits best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from moto.apigateway.models import RestAPI, apigateway_backends
from werkzeug import Request

from localaws.services.apigateway.exchange import Target
from localaws.services.apigateway.snapshots import DeployedResource, deployments

HOST = r"[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
PATH = r"/_aws/execute-api/"
_STATIC, _PARAMETER, _GREEDY = 0, 1, 2


def find_target(request: Request) -> Target | None:
    """Return the API and stage that a request names, None when there is no such thing.

    An API is named by its host as on AWS, or on the plain endpoint by ``/_aws/execute-api/<api>/<stage>/...``.
    """
    host = request.host.rpartition(":")[0] or request.host
    if re.fullmatch(HOST, host):
        api_id, rest = host.partition(".")[0], request.path
    else:
        api_id, _, rest = request.path.removeprefix(PATH).partition("/")
        rest = f"/{rest}"
    for account, region, api in _apis():
        if api.id == api_id:
            return _stage(account, region, api, rest)
    return None


def _apis() -> Iterator[tuple[str, str, RestAPI]]:
    for account in list(apigateway_backends):
        for region, backend in list(apigateway_backends[account].items()):
            for api in list(backend.apis.values()):
                yield account, region, api


def _stage(account: str, region: str, api: RestAPI, path: str) -> Target | None:
    name, _, rest = path.removeprefix("/").partition("/")
    stage = api.stages.get(name)
    if stage is None or api.disableExecuteApiEndpoint:
        return None
    snapshot = deployments(account, region).get((api.id, stage.deployment_id or ""))
    if snapshot is None:
        return None
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    domain = f"{api.id}.execute-api.{region}.{suffix}"
    return Target(account, region, api, stage, snapshot, f"/{rest}", domain)


def find_resource(
    resources: Iterable[DeployedResource], path: str
) -> tuple[DeployedResource, dict[str, str]] | None:
    """Return the resource that a path means, with its path parameters.

    A literal segment goes before a parameter, and a parameter before a greedy one, from left to right.
    """
    found = []
    for resource in resources:
        parameters = _match(_segments(resource.path), _segments(path))
        if parameters is not None:
            rank = tuple(_kind(segment) for segment in _segments(resource.path))
            found.append((rank, resource, parameters))
    if not found:
        return None
    _, resource, parameters = min(found, key=lambda item: item[0])
    return resource, parameters


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _kind(segment: str) -> int:
    if segment.startswith("{") and segment.endswith("+}"):
        return _GREEDY
    return _PARAMETER if segment.startswith("{") else _STATIC


def _match(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for index, expected in enumerate(pattern):
        kind = _kind(expected)
        if index >= len(segments):
            return None
        if kind == _GREEDY:
            return parameters | {expected[1:-2]: unquote("/".join(segments[index:]))}
        if kind == _PARAMETER:
            parameters[expected[1:-1]] = unquote(segments[index])
        elif expected != segments[index]:
            return None
    return parameters if len(pattern) == len(segments) else None
