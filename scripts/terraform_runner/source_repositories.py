"""A project's properties come in; its two repositories go out, in CodeCommit or at the team's provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from terraform_runner.connection import Connection
from terraform_runner.git_remote import GitRemote
from terraform_runner.git_seeding import offer_remote, seed_remote
from terraform_runner.naming import ProjectNames
from terraform_runner.project_request import ProjectProperties
from terraform_runner.seeding import offer, seed
from terraform_runner.template_bundle import SeedFile

if TYPE_CHECKING:
    import boto3
    from types_boto3_codecommit import CodeCommitClient

Files = Mapping[str, SeedFile]


class SourceRepositories(Protocol):
    """The repositories of a project, by kind (``modelbuild`` ...)."""

    def host(self) -> str:
        """Return where people clone from, if Terraform cannot tell; raise `UserError` if they cannot be reached."""

    def name(self, kind: str) -> str:
        """Return a repository's name, for people."""

    def seed(self, kind: str, files: Files, version: str) -> bool:
        """Seed a repository that needs it; tell whether anything was committed."""

    def offer(self, kind: str, old: Files, new: Files, version: str) -> str:
        """Offer what changed upstream on a branch; return it, or nothing."""

    def farewell(self) -> str:
        """Say what becomes of them when the project is deleted, if that is not plain."""


def repositories_of(
    session: boto3.Session, names: ProjectNames, properties: ProjectProperties, folder: Path
) -> SourceRepositories:
    """Return the repositories of a project; ``folder`` is for clones."""
    if not properties.connection_arn:
        return CodeCommitRepositories(session.client("codecommit"), names)
    ids = {"modelbuild": properties.build_repository_id, "modeldeploy": properties.deploy_repository_id}
    return ConnectedRepositories(Connection(session, properties.connection_arn), ids, folder)


@dataclass(frozen=True)
class CodeCommitRepositories:
    """Repositories that Terraform makes in CodeCommit, and that go with the project."""

    codecommit: CodeCommitClient
    names: ProjectNames

    def host(self) -> str:
        """Terraform knows it."""
        return ""

    def name(self, kind: str) -> str:
        """Return the repository's name."""
        return self.names.repository(kind)

    def seed(self, kind: str, files: Files, version: str) -> bool:
        """Commit through CodeCommit's API."""
        return seed(self.codecommit, self.name(kind), files, version)

    def offer(self, kind: str, old: Files, new: Files, version: str) -> str:
        """Commit through CodeCommit's API."""
        return offer(self.codecommit, self.name(kind), old, new, version)

    def farewell(self) -> str:
        """They go with everything else."""
        return ""


@dataclass(frozen=True)
class ConnectedRepositories:
    """The team's own repositories at a provider, which outlive the project."""

    connection: Connection
    ids: Mapping[str, str]
    folder: Path

    def host(self) -> str:
        """Ask the connection."""
        return self.connection.host()

    def name(self, kind: str) -> str:
        """Return ``owner/name``."""
        return self.ids[kind]

    def seed(self, kind: str, files: Files, version: str) -> bool:
        """Push by git."""
        return seed_remote(self._remote(kind), files, version)

    def offer(self, kind: str, old: Files, new: Files, version: str) -> str:
        """Push by git."""
        return offer_remote(self._remote(kind), old, new, version)

    def farewell(self) -> str:
        """They are the team's."""
        return f"The repositories {' and '.join(self.ids.values())} are the team's and stay."

    def _remote(self, kind: str) -> GitRemote:
        name = self.name(kind)
        return GitRemote(
            name, self.connection.git_url(name), self.folder / kind, self.connection.authorization
        )
