"""Connections by API: names and providers come in, connections that wait for their handshake go out."""

from __future__ import annotations

import uuid
from typing import Any

from moto.core.exceptions import ServiceException

from localaws.operations import Request, page
from localaws.services.codeconnections.models import (
    Connection,
    codeconnections_backends,
    connection_by_arn,
)

SELF_MANAGED = ("GitHubEnterpriseServer", "GitLabSelfManaged")
MOST_TAGS = 200


class CodeConnectionsError(ServiceException):
    """An error answer of the CodeConnections API."""


def not_found(arn: str) -> CodeConnectionsError:
    """Return the error about a resource that is not there."""
    return CodeConnectionsError("ResourceNotFoundException", f"Connection: {arn} not found")


def create_connection(request: Request) -> dict[str, Any]:
    """CreateConnection: it waits for somebody who completes it at the provider."""
    params = request.params
    provider = params.get("ProviderType", "")
    if params.get("HostArn") or provider in SELF_MANAGED:
        raise CodeConnectionsError(
            "UnsupportedOperation", "localaws has no hosts: connect to a provider that AWS knows itself."
        )
    if not provider:
        raise CodeConnectionsError("ValidationException", "Either ProviderType or HostArn is required.")
    state = codeconnections_backends[request.account][request.region].connections
    if any(one.name == params["ConnectionName"] for one in state.values()):
        raise CodeConnectionsError(
            "ValidationException", f"A connection named {params['ConnectionName']} exists already."
        )
    tags = _tags(params)
    made = Connection(
        request.account, request.region, str(uuid.uuid4()), params["ConnectionName"], provider, tags
    )
    state[made.connection_id] = made
    return {"ConnectionArn": made.arn, "Tags": _listed(tags)}


def get_connection(request: Request) -> dict[str, Any]:
    """GetConnection."""
    return {"Connection": _named(request, "ConnectionArn").describe()}


def list_connections(request: Request) -> dict[str, Any]:
    """ListConnections, of one provider if it is named."""
    params, state = request.params, codeconnections_backends[request.account][request.region].connections
    wanted = params.get("ProviderTypeFilter")
    found = (
        []
        if params.get("HostArnFilter")
        else [one for one in state.values() if wanted in (None, one.provider)]
    )
    items, token = page(found, params.get("NextToken"), params.get("MaxResults"))
    answer: dict[str, Any] = {"Connections": [one.describe() for one in items]}
    return answer | ({"NextToken": token} if token else {})


def delete_connection(request: Request) -> dict[str, Any]:
    """DeleteConnection; the repositories at the provider stay."""
    gone = _named(request, "ConnectionArn")
    del codeconnections_backends[gone.account][gone.region].connections[gone.connection_id]
    return {}


def list_tags(request: Request) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"Tags": _listed(_named(request, "ResourceArn").tags)}


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource."""
    tags = _named(request, "ResourceArn").tags
    added = _tags(request.params)
    if len(tags | added) > MOST_TAGS:
        raise CodeConnectionsError("LimitExceededException", f"At most {MOST_TAGS} tags")
    tags.update(added)
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource."""
    tags = _named(request, "ResourceArn").tags
    for key in request.params["TagKeys"]:
        tags.pop(key, None)
    return {}


def _named(request: Request, parameter: str) -> Connection:
    """Return the caller's connection that a request names."""
    arn = request.params[parameter]
    found = connection_by_arn(arn)
    if found is None or found.account != request.account:
        raise not_found(arn)
    return found


def _tags(params: Any) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in params.get("Tags", [])}


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


OPERATIONS = {
    "CreateConnection": create_connection,
    "DeleteConnection": delete_connection,
    "GetConnection": get_connection,
    "ListConnections": list_connections,
    "ListTagsForResource": list_tags,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
