"""Branches by API: names come in, references of the bare repository and their events go out."""

from __future__ import annotations

import re
from typing import Any

from localaws.operations import Request
from localaws.services.codecommit.faults import fault
from localaws.services.codecommit.refchanges import publish_changes
from localaws.services.codecommit.repositories import Repository, repository

COMMIT_ID = re.compile(r"[0-9a-f]{40}")
# What git check-ref-format forbids in a branch name.
FORBIDDEN = re.compile(r"^[-/]|\.\.|[\x00-\x20~^:?*\[\\\x7f]|@\{|//|/\.|^\.|[/.]$|\.lock(/|$)")


def check_branch_name(name: str) -> None:
    """Refuse a name that git or AWS refuses."""
    if not name or len(name) > 256 or FORBIDDEN.search(name) or name == "@":
        raise fault("InvalidBranchName", f"The specified branch name is not valid: {name}")


def branch_tip(found: Repository, name: str) -> str:
    """Return the commit that a branch points at, or answer as AWS does when there is no such branch."""
    check_branch_name(name)
    tip = found.git.branches().get(name)
    if tip is None:
        raise fault("BranchDoesNotExist", f"{name} does not exist")
    return tip


def known_commit(found: Repository, commit_id: str) -> str:
    """Return a full commit id that the repository holds, or answer as AWS does."""
    if not COMMIT_ID.fullmatch(commit_id):
        raise fault("InvalidCommitId", f"The specified commit ID is not valid: {commit_id}")
    resolved = found.git.resolve(commit_id)
    if resolved is None:
        raise fault("CommitDoesNotExist", f"Commit {commit_id} does not exist")
    return resolved


def create_branch(request: Request) -> None:
    """CreateBranch."""
    found, name = repository(request), request.params["branchName"]
    check_branch_name(name)
    with found.lock:
        before = found.git.references()
        if f"refs/heads/{name}" in before:
            raise fault("BranchNameExists", f"{name} already exists")
        commit_id = known_commit(found, request.params["commitId"])
        found.git.update_reference(f"refs/heads/{name}", commit_id)
        publish_changes(found, before, before | {f"refs/heads/{name}": commit_id}, request.caller_arn)


def delete_branch(request: Request) -> dict[str, Any]:
    """DeleteBranch; the default branch stays, a branch that is not there is no error."""
    found, name = repository(request), request.params["branchName"]
    check_branch_name(name)
    if name == found.default_branch:
        raise fault(
            "DefaultBranchCannotBeDeleted",
            f"{name} is the default branch. Make another branch the default first.",
        )
    with found.lock:
        before = found.git.references()
        reference = f"refs/heads/{name}"
        if reference not in before:
            return {}
        found.git.delete_reference(reference)
        after = {key: value for key, value in before.items() if key != reference}
        publish_changes(found, before, after, request.caller_arn)
    return {"deletedBranch": {"branchName": name, "commitId": before[reference]}}


def get_branch(request: Request) -> dict[str, Any]:
    """GetBranch."""
    name = request.params.get("branchName", "")
    return {"branch": {"branchName": name, "commitId": branch_tip(repository(request), name)}}


def list_branches(request: Request) -> dict[str, Any]:
    """ListBranches."""
    return {"branches": sorted(repository(request).git.branches())}


def update_default_branch(request: Request) -> None:
    """UpdateDefaultBranch."""
    found, name = repository(request), request.params["defaultBranchName"]
    with found.lock:
        branch_tip(found, name)
        found.git.set_head(name)
        found.default_branch = name
        found.touch()


OPERATIONS = {
    "CreateBranch": create_branch,
    "DeleteBranch": delete_branch,
    "GetBranch": get_branch,
    "ListBranches": list_branches,
    "UpdateDefaultBranch": update_default_branch,
}
