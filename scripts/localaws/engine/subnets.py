"""A container's environment comes in; where it runs in a subnet, the proxy is told which one."""

from __future__ import annotations

from collections.abc import Mapping

from localaws.engine import ContainerSpec
from localaws.vpc_routes import proxy_user


def in_subnet(environment: Mapping[str, str], spec: ContainerSpec) -> dict[str, str]:
    """Return the environment in which the proxy's user is the container's subnet."""
    proxies = {name: environment[name] for name in ("HTTPS_PROXY", "https_proxy") if name in environment}
    told = {name: proxy_user(value, spec.subnet, spec.region) for name, value in proxies.items()}
    return {**environment, **told}
