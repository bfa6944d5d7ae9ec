"""The network of a server's containers: a bridge of their own, at whose gateway they reach the server."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker.errors

from localaws.runtime import Runtime

CERTIFICATES = Path("/etc/localaws")


class DockerNetwork:
    """A bridge network, made when this is; from a private one no packet leads out of this machine.

    Parameters
    ----------
    client
        A client of the Docker engine.
    runtime
        The server, which then listens at the network's gateway too.
    labels
        What the network carries.
    """

    def __init__(
        self, client: Any, runtime: Runtime, labels: Mapping[str, str], private: bool = False
    ) -> None:
        self._runtime = runtime
        name = f"localaws-{labels['localaws.owner'][:8]}{'-private' if private else ''}"
        self._network = client.networks.create(name, driver="bridge", internal=private, labels=dict(labels))
        self._network.reload()
        self.name: str = self._network.name
        self.gateway: str = self._network.attrs["IPAM"]["Config"][0]["Gateway"]
        self.endpoint = runtime.listen_at(self.gateway)

    @property
    def mounts(self) -> dict[str, Path]:
        """Container path -> file, for the certificates that `environment` names."""
        return {str(CERTIFICATES / file.name): file for file in self._runtime.certificates}

    def environment(self, region: str, role_arn: str) -> dict[str, str]:
        """Return what a container needs to reach AWS at its real names."""
        return self._runtime.environment(region, role_arn, self.endpoint, CERTIFICATES)

    def connect(self, container: Any) -> None:
        """Let a container that is in another network reach the server here."""
        self._network.connect(container)

    def close(self) -> None:
        """Remove the network; its containers are gone."""
        # A container whose end is under way keeps it; the owner's removal then removes both.
        with contextlib.suppress(docker.errors.APIError):
            self._network.remove()
