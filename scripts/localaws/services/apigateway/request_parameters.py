"""Reads a request parameter by the name that methods and gateway responses know it by."""

from __future__ import annotations

from localaws.services.apigateway.exchange import Exchange

_PREFIX = "method.request."


def request_parameter(exchange: Exchange, name: str) -> str:
    """Return the value of ``method.request.{header,querystring,path}.<name>``, empty when it is not there."""
    place, _, key = name.removeprefix(_PREFIX).partition(".")
    if place == "header":
        return exchange.header(key)
    if place in ("querystring", "multivaluequerystring"):
        return exchange.request.args.get(key, "")
    return exchange.path_parameters.get(key, "")
