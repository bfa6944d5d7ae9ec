"""Subnets come in; where a container in them runs, and which hosts it reaches by its VPC, go out.

Whoever runs in a subnet says so to the proxy as its user, so that the proxy can decide by connection.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, TypedDict
from urllib.parse import urlsplit, urlunsplit

from moto.apigateway.models import apigateway_backends
from moto.ec2.models import ec2_backends

from localaws.proxy import is_aws

SERVICE = re.compile(r"com\.amazonaws(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.(?P<service>.+)")
REST_API = re.compile(r"(?P<api>[a-z0-9]+)\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
EVERYWHERE = "0.0.0.0/0"


class Placement(TypedDict):
    """Fields of a container's specification."""

    subnet: str
    private: bool


def placement(region: str, subnets: Sequence[str]) -> Placement:
    """Return where a container runs whose service was given these subnets; none: in AWS's own network."""
    if not subnets:
        return {"subnet": "", "private": False}
    books = _books(subnets[0], region)
    return {"subnet": subnets[0], "private": not _leads_out(_tables(books, subnets[0]))}


def proxy_user(proxy: str, subnet: str, region: str) -> str:
    """Return the proxy's URL for somebody in ``subnet``."""
    parts = urlsplit(proxy)
    return urlunsplit(parts._replace(netloc=f"{subnet}:{region}@{parts.netloc}")) if subnet else proxy


def refusal(authorization: str, host: str) -> str:
    """Return why the proxy's user does not reach ``host``, empty when it does.

    Parameters
    ----------
    authorization
        The header Proxy-Authorization; empty for whoever is in no subnet.
    host
        A host name.
    """
    subnet, region = _user(authorization)
    if not subnet:
        return ""
    books = _books(subnet, region)
    tables = _tables(books, subnet)
    by_endpoint = is_aws(host) and _has_endpoint(books, subnet, tables, host.lower())
    if by_endpoint and _is_public_api(host.lower()):
        # Its private names hide the public ones, also from who has a way to the internet.
        return f"the VPC endpoint that {subnet} reaches {host} by leads to private APIs only"
    if _leads_out(tables) or by_endpoint:
        return ""
    return f"{subnet} has neither a route to the internet nor a VPC endpoint for {host}"


def _user(authorization: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (name, password) if name.startswith("subnet-") else ("", "")


def _tables(books: Any, subnet: str) -> list[Any]:
    """Return the route table of a subnet: its own, else its VPC's main one."""
    if books is None:
        return []
    vpc = books.get_subnet(subnet).vpc_id
    tables = [table for table in books.route_tables.values() if table.vpc_id == vpc]
    own = [table for table in tables if any(each.get("SubnetId") == subnet for each in table.associations)]
    return own or [table for table in tables if table.main_association_id]


def _books(subnet: str, region: str) -> Any:
    """Return EC2's books of the account that a subnet is of, None when it is of none."""
    for account in list(ec2_backends):
        backend = ec2_backends[account][region]
        if any(subnet in zone for zone in backend.subnets.values()):
            return backend
    return None


def _leads_out(tables: Sequence[Any]) -> bool:
    """Tell whether a default route leads anywhere for who has no public address, as builds and jobs have none."""
    return any(
        route.nat_gateway or route.transit_gateway or route.interface or route.instance or route.vpc_pcx
        for table in tables
        for route in table.routes
        if route.destination_cidr_block == EVERYWHERE
    )


def _has_endpoint(books: Any, subnet: str, tables: Sequence[Any], host: str) -> bool:
    if books is None:
        return False
    vpc, ids = books.get_subnet(subnet).vpc_id, {table.id for table in tables}
    return any(
        _stands_for(endpoint.service_name, host)
        for endpoint in books.vpc_end_points.values()
        if endpoint.vpc_id == vpc and _is_open(endpoint, ids)
    )


def _is_public_api(host: str) -> bool:
    found = REST_API.fullmatch(host)
    if found is None:
        return False
    for account in list(apigateway_backends):
        api = apigateway_backends[account][found["region"]].apis.get(found["api"])
        if api is not None:
            return "PRIVATE" not in api.endpoint_configuration["types"]
    return False


def _is_open(endpoint: Any, tables: set[str]) -> bool:
    if endpoint.vpc_endpoint_type == "Interface":
        return bool(endpoint.private_dns_enabled)
    return bool(tables & set(endpoint.route_table_ids or ()))


def _stands_for(service_name: str, host: str) -> bool:
    """Tell whether an endpoint's private names, or a gateway's addresses, are those of ``host``."""
    found = SERVICE.fullmatch(service_name)
    if found is None:
        return False
    labels = [*reversed(found["service"].split(".")), *([found["region"]] if found["region"] else [])]
    names = [".".join([*labels, "amazonaws.com"])]
    if found["service"] == "s3":
        names.append("s3.amazonaws.com")
    return any(host == name or host.endswith(f".{name}") for name in names)
