"""A bundle's repository files come in; the team's repository gets them on main, or on a branch to be merged.

A push is all or nothing, so a seeding that dies leaves nothing half done and is simply begun again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from terraform_runner.git_remote import GitRemote, PushRefused
from terraform_runner.runner_errors import UserError
from terraform_runner.seeding import MAIN, Change, changed_upstream, offer_branch
from terraform_runner.template_bundle import SeedFile

# Without these a pipeline has nothing to run; with them a repository is the team's to shape.
_NEEDED = "buildspec/"
# What providers put into a repository that is made "with a README".
_OF_PROVIDERS = re.compile(r"(readme|license|copying)(\.\w+)?|\.git(ignore|attributes)", re.IGNORECASE)


class SeedWaits(UserError):
    """The seed cannot go to main by itself: it waits on a branch for somebody to merge it."""


def seed_remote(remote: GitRemote, files: Mapping[str, SeedFile], version: str) -> bool:
    """Push ``files`` to ``main`` of a repository that has nothing of its own yet.

    Returns
    -------
    bool
        Whether anything was pushed.

    Raises
    ------
    SeedWaits
        The repository has other files, or its ``main`` is protected: the files wait on a branch.
    """
    branches = remote.branches()
    message = f"Seed from template {version}"
    changes = [Change(path, file) for path, file in sorted(files.items())]
    if MAIN not in branches:
        if branches:
            raise UserError(
                f"Repository {remote.name} has branches ({', '.join(sorted(branches)[:3])}) and none of them is "
                f"{MAIN}, which the pipelines read: rename its default branch to {MAIN}, and try again."
            )
        remote.push(changes, MAIN, message)
        return True
    found = remote.checkout(MAIN)
    if all(path in found for path in files if path.startswith(_NEEDED)):
        return False
    why = "it has files of its own"
    if all(_OF_PROVIDERS.fullmatch(path) for path in found):
        try:
            remote.push(changes, MAIN, message)
        except PushRefused:
            why = f"its {MAIN} takes no pushes"
            # The commit is made; what it follows is main all the same.
            changes = []
        else:
            return True
    branch = offer_branch(version)
    if branch not in branches:
        remote.push(changes, branch, message)
    raise SeedWaits(
        f"Repository {remote.name} is not seeded, because {why}: the seed waits on its branch {branch}. Merge that "
        f"into {MAIN} by a pull request, and try again."
    )


def offer_remote(
    remote: GitRemote, old: Mapping[str, SeedFile], new: Mapping[str, SeedFile], version: str
) -> str:
    """Offer the seed files that changed between two template versions on a branch; ``main`` is never touched.

    Returns
    -------
    str
        The branch, or nothing if ``main`` already has all of it.
    """
    branches = remote.branches()
    if MAIN not in branches:
        return ""
    remote.checkout(MAIN)
    changes = [change for change in changed_upstream(old, new) if remote.read(change.path) != change.file]
    if not changes:
        return ""
    branch = offer_branch(version)
    if branch not in branches:
        remote.push(changes, branch, f"Offer what changed upstream in template {version}")
    return branch
