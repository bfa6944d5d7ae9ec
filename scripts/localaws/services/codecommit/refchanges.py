"""What moved in a repository: references before and after come in, EventBridge events and pollers' calls go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localaws.runtime import runtime
from localaws.services.codecommit.repositories import Repository


@dataclass(frozen=True)
class ReferenceChange:
    """A branch or tag that was made, moved or deleted (an empty id stands for none)."""

    repository: Repository
    reference: str
    old: str
    new: str
    caller_arn: str

    @property
    def name(self) -> str:
        """The reference's short name."""
        return self.reference.split("/", 2)[2]

    @property
    def kind(self) -> str:
        """``branch`` or ``tag``."""
        return "tag" if self.reference.startswith("refs/tags/") else "branch"


_pollers: list[Callable[[ReferenceChange], None]] = []


def watch(poller: Callable[[ReferenceChange], None]) -> None:
    """Call ``poller`` for every change: the services that AWS lets poll a repository need no event rule."""
    _pollers.append(poller)


def publish_changes(
    repository: Repository, before: Mapping[str, str], after: Mapping[str, str], caller_arn: str
) -> None:
    """Keep the default branch right and tell the world of every reference that differs."""
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    for name in changed:
        change = ReferenceChange(repository, name, before.get(name, ""), after.get(name, ""), caller_arn)
        if change.kind == "branch" and change.new and not repository.default_branch:
            repository.default_branch = change.name
            repository.git.set_head(change.name)
        _emit(change)
        for poller in _pollers:
            poller(change)
    if changed:
        repository.touch()


def _emit(change: ReferenceChange) -> None:
    event = "referenceDeleted" if not change.new else "referenceUpdated" if change.old else "referenceCreated"
    detail = {
        "event": event,
        "repositoryName": change.repository.name,
        "repositoryId": change.repository.repository_id,
        "referenceType": change.kind,
        "referenceName": change.name,
        "referenceFullName": change.reference,
        "callerUserArn": change.caller_arn,
    }
    # A deletion carries only the old commit, a creation only the new one.
    if change.new:
        detail["commitId"] = change.new
    if change.old:
        detail["oldCommitId"] = change.old
    runtime().emit(
        change.repository.region,
        "aws.codecommit",
        "CodeCommit Repository State Change",
        detail,
        [change.repository.arn],
    )
