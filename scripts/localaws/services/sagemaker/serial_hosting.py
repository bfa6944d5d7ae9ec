"""An inference pipeline at work: the containers of a model one after the other, each with what the one before said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from localaws.services.sagemaker.hosting import VariantHost
from localaws.services.sagemaker.resources import Region


class SerialHost:
    """The containers of a production variant.

    Parameters
    ----------
    region, endpoint, variant, role, isolated
        As of each `VariantHost`.
    containers
        In their order; of one container, what it answers is the answer.
    """

    def __init__(
        self,
        region: Region,
        endpoint: str,
        variant: Mapping[str, Any],
        containers: Sequence[Mapping[str, Any]],
        role: str,
        isolated: bool = False,
    ) -> None:
        self.name: str = variant["VariantName"]
        self.role = role
        self.hosts = [
            VariantHost(region, endpoint, own, container, role, isolated)
            for own, container in zip(_named(variant, len(containers)), containers, strict=True)
        ]

    def start(self) -> None:
        """Bring all containers up; return when they are healthy, raise `HostFailed` when one does not become so."""
        with ThreadPoolExecutor(len(self.hosts)) as threads:
            starts = [threads.submit(host.start) for host in self.hosts]
        for start in starts:
            start.result()

    def post(self, body: bytes, headers: Mapping[str, str], timeout: float) -> urllib3.BaseHTTPResponse:
        """Send a request through the containers; the first that refuses answers for all."""
        first, *others = self.hosts
        answer = first.post(body, headers, timeout)
        for host in others:
            if answer.status >= 400:
                break
            kind = answer.headers.get("content-type", "application/octet-stream")
            answer = host.post(answer.data, {**headers, "Content-Type": kind}, timeout)
        return answer

    def stop(self) -> None:
        """Let requests in flight finish, then end the containers."""
        with ThreadPoolExecutor(len(self.hosts)) as threads:
            for host in self.hosts:
                threads.submit(host.stop)


def _named(variant: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Return the variant for each container, with a name of its own where there are several."""
    if count == 1:
        return [dict(variant)]
    name = variant["VariantName"]
    return [{**variant, "VariantName": f"{name}-{number}"} for number in range(1, count + 1)]
