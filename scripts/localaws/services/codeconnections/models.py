"""Where connections are kept: a table of backends by account and region, as moto's services have one."""

from __future__ import annotations

from dataclasses import dataclass, field

from moto.core.base_backend import BackendDict, BaseBackend
from moto.utilities.utils import get_partition


@dataclass
class Connection:
    """A connection to a provider; its handshake makes it ``AVAILABLE``."""

    account: str
    region: str
    connection_id: str
    name: str
    provider: str
    tags: dict[str, str]
    status: str = field(default="PENDING")

    @property
    def arn(self) -> str:
        """The connection's ARN."""
        scope = f"arn:{get_partition(self.region)}:codeconnections:{self.region}:{self.account}"
        return f"{scope}:connection/{self.connection_id}"

    def git_url(self, full_name: str) -> str:
        """Return where git reaches a repository of the provider by this connection."""
        place = f"{self.account}/{self.region}/{self.connection_id}"
        return f"https://codeconnections.{self.region}.amazonaws.com/git-http/{place}/{full_name}.git"

    def describe(self) -> dict[str, str]:
        """Describe the connection as the API does."""
        return {
            "ConnectionName": self.name,
            "ConnectionArn": self.arn,
            "ProviderType": self.provider,
            "OwnerAccountId": self.account,
            "ConnectionStatus": self.status,
        }


class CodeConnectionsBackend(BaseBackend):
    """The connections of one account and region, by id."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.connections: dict[str, Connection] = {}


# botocore tells the regions of the service by its older name only.
codeconnections_backends = BackendDict(CodeConnectionsBackend, "codestar-connections")


def connection_of(account: str, region: str, connection_id: str) -> Connection | None:
    """Return a connection by where it is and its id, None when there is none."""
    return codeconnections_backends[account][region].connections.get(connection_id)


def connection_by_arn(arn: str) -> Connection | None:
    """Return a connection by its ARN, None when there is none."""
    _, _, service, region, account, resource = (*arn.split(":", 5), *[""] * 6)[:6]
    kind, _, connection_id = resource.partition("/")
    if service != "codeconnections" or kind != "connection":
        return None
    return connection_of(account, region, connection_id)


def all_connections() -> list[Connection]:
    """Return the connections of every account and region."""
    return [
        connection
        for _, _, backend in codeconnections_backends.iter_backends()
        if isinstance(backend, CodeConnectionsBackend)
        for connection in backend.connections.values()
    ]
