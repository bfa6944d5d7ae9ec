"""A bundle's repository files come in; CodeCommit gets them as first commits, or later as a branch to look at.

A seeding may die between two commits. Each commit's message says which of how many it is, so the next attempt
reads the tip's message and goes on where the last one stopped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from terraform_runner.runner_errors import PlatformError, UserError
from terraform_runner.template_bundle import SeedFile

if TYPE_CHECKING:
    from types_boto3_codecommit import CodeCommitClient
    from types_boto3_codecommit.type_defs import PutFileEntryTypeDef

MAIN = "main"
AUTHOR = "SageMaker project template"
EMAIL = "project-template@example.com"

# CodeCommit's limits for one commit made through the API are 100 files and 7 MB, and 6 MB for one file.
_MOST_FILES = 100
_MOST_BYTES = 6_500_000
_LARGEST_FILE = 6_000_000

_TRAILER = re.compile(r"^Template: (?P<version>\S+) (?P<part>\d+)/(?P<of>\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """What happens to one path; ``file`` is None where the path goes away."""

    path: str
    file: SeedFile | None


@dataclass(frozen=True)
class _Tip:
    commit_id: str
    version: str
    part: int
    of: int

    def is_part_of(self, version: str) -> bool:
        return self.version == version


class _Follows(TypedDict, total=False):
    """A repository's first commit has no parent to name."""

    parentCommitId: str


def seed(codecommit: CodeCommitClient, repository: str, files: Mapping[str, SeedFile], version: str) -> bool:
    """Commit ``files`` to ``main`` if the repository has no commit yet (or a seeding died half-way).

    Returns
    -------
    bool
        Whether anything was committed.
    """
    batches = list(_batches([Change(path, file) for path, file in sorted(files.items())]))
    tip = _tip(codecommit, repository, MAIN)
    if tip and not (tip.is_part_of(version) and tip.part < tip.of):
        return False
    return _commit(codecommit, repository, MAIN, batches, f"Seed from template {version}", version, tip)


def offer_branch(version: str) -> str:
    """Return the branch that a version's changed seeds wait on."""
    return f"template/{version}"


def offer(
    codecommit: CodeCommitClient,
    repository: str,
    old: Mapping[str, SeedFile],
    new: Mapping[str, SeedFile],
    version: str,
) -> str:
    """Offer the seed files that changed between two template versions on a branch of their own.

    ``main`` is never touched. Nothing is offered that ``main`` already has.

    Returns
    -------
    str
        The branch, or nothing if there is nothing to offer.
    """
    branch = offer_branch(version)
    main = _tip(codecommit, repository, MAIN)
    if main is None:
        return ""
    offered = _tip(codecommit, repository, branch)
    # Counted from where the branch began, not from main's tip today, so that a resumed offer is the same offer.
    base = _first_parent(codecommit, repository, offered, version) if offered else main.commit_id
    changes = [
        change for change in changed_upstream(old, new) if not _has(codecommit, repository, base, change)
    ]
    if not changes:
        return ""
    if offered and offered.is_part_of(version) and offered.part == offered.of:
        return branch
    if offered is None:
        codecommit.create_branch(repositoryName=repository, branchName=branch, commitId=base)
        offered = _Tip(base, "", 0, 0)
    message = f"Offer what changed upstream in template {version}"
    _commit(codecommit, repository, branch, list(_batches(changes)), message, version, offered)
    return branch


def changed_upstream(old: Mapping[str, SeedFile], new: Mapping[str, SeedFile]) -> list[Change]:
    """Return what the template itself changed between two versions, by path."""
    return [Change(path, new.get(path)) for path in sorted({*old, *new}) if old.get(path) != new.get(path)]


def _commit(
    codecommit: CodeCommitClient,
    repository: str,
    branch: str,
    batches: Sequence[Sequence[Change]],
    message: str,
    version: str,
    tip: _Tip | None,
) -> bool:
    done = tip.part if tip and tip.is_part_of(version) else 0
    if tip and done and tip.of != len(batches):
        raise UserError(
            f"Repository {repository} was half seeded from template {version} in {tip.of} parts, which are "
            f"{len(batches)} now; delete the project and create it again."
        )
    parent = tip.commit_id if tip else ""
    try:
        for part, batch in enumerate(batches[done:], start=done + 1):
            follows: _Follows = {"parentCommitId": parent} if parent else {}
            answer = codecommit.create_commit(
                **follows,
                repositoryName=repository,
                branchName=branch,
                authorName=AUTHOR,
                email=EMAIL,
                commitMessage=f"{message}\n\nTemplate: {version} {part}/{len(batches)}\n",
                putFiles=[_entry(change.path, change.file) for change in batch if change.file is not None],
                deleteFiles=[{"filePath": change.path} for change in batch if change.file is None],
            )
            parent = answer["commitId"]
    except (
        codecommit.exceptions.ParentCommitIdRequiredException,
        codecommit.exceptions.ParentCommitIdOutdatedException,
    ) as error:
        raise PlatformError(
            f"Somebody else has just committed to branch {branch} of repository {repository} while it was being "
            "seeded; their commits stand. Try again: seeding goes on from there."
        ) from error
    return len(batches) > done


def _entry(path: str, file: SeedFile) -> PutFileEntryTypeDef:
    mode: Literal["EXECUTABLE", "NORMAL"] = "EXECUTABLE" if file.executable else "NORMAL"
    return {"filePath": path, "fileMode": mode, "fileContent": file.content}


def _batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Cut ``changes`` into commits that keep under the API's limits; equal input gives equal commits."""
    batch: list[Change] = []
    size = 0
    for change in changes:
        length = len(change.file.content) if change.file else 0
        if length > _LARGEST_FILE:
            raise PlatformError(f"{change.path} is too large for CodeCommit's API: {length} bytes.")
        if batch and (len(batch) == _MOST_FILES or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(change)
        size += length
    if batch:
        yield batch


def _tip(codecommit: CodeCommitClient, repository: str, branch: str) -> _Tip | None:
    try:
        commit_id = codecommit.get_branch(repositoryName=repository, branchName=branch)["branch"]["commitId"]
    except codecommit.exceptions.BranchDoesNotExistException:
        return None
    return _read_tip(codecommit, repository, commit_id)


def _read_tip(codecommit: CodeCommitClient, repository: str, commit_id: str) -> _Tip:
    commit = codecommit.get_commit(repositoryName=repository, commitId=commit_id)["commit"]
    ours = commit.get("author", {}).get("email") == EMAIL
    trailer = _TRAILER.search(commit.get("message", "")) if ours else None
    if trailer is None:
        return _Tip(commit_id, "", 0, 0)
    return _Tip(commit_id, trailer["version"], int(trailer["part"]), int(trailer["of"]))


def _first_parent(codecommit: CodeCommitClient, repository: str, tip: _Tip, version: str) -> str:
    """Return the commit that the offered branch began at: the first that is no part of the offer."""
    while tip.is_part_of(version):
        commit = codecommit.get_commit(repositoryName=repository, commitId=tip.commit_id)["commit"]
        tip = _read_tip(codecommit, repository, commit["parents"][0])
    return tip.commit_id


def _has(codecommit: CodeCommitClient, repository: str, commit_id: str, change: Change) -> bool:
    """Say whether the commit already is as ``change`` would make it."""
    try:
        found = codecommit.get_file(
            repositoryName=repository, commitSpecifier=commit_id, filePath=change.path
        )
    except codecommit.exceptions.FileDoesNotExistException:
        return change.file is None
    if change.file is None:
        return False
    executable = found["fileMode"] == "EXECUTABLE"
    return found["fileContent"] == change.file.content and executable == change.file.executable
