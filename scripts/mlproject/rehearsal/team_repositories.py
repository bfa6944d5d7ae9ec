"""A team whose repositories are not in CodeCommit: a local AWS comes in, a connection to them goes out.

GitHub here is a folder of bare repositories of the local AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import requests

from mlproject.errors import PlatformError

if TYPE_CHECKING:
    import boto3

    from mlproject.rehearsal.local import LocalAws

PROVIDER: Final = "GitHub"
HOST = "https://github.com/"
REPOSITORIES: Mapping[str, str] = {
    "BuildRepositoryId": "team/churn-build",
    "DeployRepositoryId": "team/churn-deploy",
}
_SECONDS = 10


class Source(StrEnum):
    """Where a project's repositories are."""

    CODECOMMIT = "codecommit"
    CONNECTION = "connection"


@dataclass(frozen=True)
class TeamRepositories:
    """Two repositories at the provider, and the connection to them."""

    local: LocalAws
    connection_arn: str

    @property
    def parameters(self) -> dict[str, str]:
        """What the lead says in the product's form."""
        return {"ConnectionArn": self.connection_arn, **REPOSITORIES}

    def check_kept(self) -> None:
        """Raise `PlatformError` when a repository is gone: they are the team's, whatever becomes of the project."""
        kept = _console(self.local, "GET", f"providers/{PROVIDER}")["repositories"]
        if gone := sorted(set(REPOSITORIES.values()) - set(kept)):
            raise PlatformError(f"gone with the project: {', '.join(gone)}")


def prepare(local: LocalAws, engineer: boto3.Session) -> TeamRepositories:
    """Make empty repositories as the team does, and a connection as the platform engineer does in the console."""
    for name in REPOSITORIES.values():
        _console(local, "PUT", f"providers/{PROVIDER}/{name}")
    client = engineer.client("codeconnections")
    arn = client.create_connection(ProviderType=PROVIDER, ConnectionName="team")["ConnectionArn"]
    _console(local, "POST", f"connections/{arn.rpartition('/')[2]}")
    return TeamRepositories(local, arn)


def base(local: LocalAws) -> str:
    """Return where git finds here what is at the provider."""
    return f"{local.endpoint}/_localaws/git/{PROVIDER}/"


def _console(local: LocalAws, method: str, path: str) -> dict[str, list[str]]:
    answer = requests.request(method, f"{local.endpoint}/_localaws/{path}", timeout=_SECONDS)
    answer.raise_for_status()
    answered: dict[str, list[str]] = answer.json()
    return answered
