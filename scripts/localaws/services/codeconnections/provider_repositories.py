"""The repositories at providers: a provider and a full name come in, a bare repository goes out, pushes are told."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.runtime import runtime
from localaws.services.codecommit.gitstore import GitStore

PROVIDERS = ("AzureDevOps", "Bitbucket", "GitHub", "GitLab")
"""Those that AWS reaches by itself, as the API calls them."""
FULL_NAME = re.compile(r"(?!.*(^|/)\.)[\w.-]+(/[\w.-]+)+", re.ASCII)
"""``owner/name``; GitLab has groups in groups. No part begins with a dot."""

_BRANCH = "refs/heads/"


@dataclass(frozen=True)
class Push:
    """A branch that somebody made or moved at a provider."""

    provider: str
    full_name: str
    branch: str
    commit_id: str


_watchers: list[Callable[[Push], None]] = []
_locks: defaultdict[Path, threading.RLock] = defaultdict(threading.RLock)


def watch(watcher: Callable[[Push], None]) -> None:
    """Call ``watcher`` for every push, as a provider calls AWS."""
    _watchers.append(watcher)


def store_of(provider: str, full_name: str) -> GitStore | None:
    """Return a repository that is there, else None."""
    store = _place(provider, full_name)
    return store if store and store.path.is_dir() else None


def create(provider: str, full_name: str) -> bool:
    """Make an empty repository; tell whether it is new."""
    store = _place(provider, full_name)
    if store is None:
        raise ValueError(f"{provider}/{full_name} is no place of a repository")
    with _locks[store.path]:
        if store.path.is_dir():
            return False
        store.create()
        return True


def remove(provider: str, full_name: str) -> bool:
    """Delete a repository; tell whether it was there."""
    store = store_of(provider, full_name)
    if store is not None:
        store.remove()
    return store is not None


def names(provider: str) -> list[str]:
    """Return the full names of a provider's repositories."""
    root = _root() / provider
    return sorted(path.relative_to(root).as_posix().removesuffix(".git") for path in root.glob("**/*.git"))


def lock_of(store: GitStore) -> threading.RLock:
    """Return what keeps pushes to a repository apart."""
    return _locks[store.path]


def tell(provider: str, full_name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Tell of every branch that was made or moved."""
    for name in sorted(after):
        if name.startswith(_BRANCH) and before.get(name) != after[name]:
            push = Push(provider, full_name, name.removeprefix(_BRANCH), after[name])
            for watcher in _watchers:
                watcher(push)


def _place(provider: str, full_name: str) -> GitStore | None:
    if provider not in PROVIDERS or not FULL_NAME.fullmatch(full_name):
        return None
    return GitStore(_root() / provider / f"{full_name}.git")


def _root() -> Path:
    return runtime().data / "codeconnections"
