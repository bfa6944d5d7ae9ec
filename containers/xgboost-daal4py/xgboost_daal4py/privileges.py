"""Leaves root before anything of a user is read: SageMaker starts containers as root and mounts /opt/ml for it.

What a job writes is handed over first; `serving`, `training` and `processing` begin with this.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

USER = "model"
"""The user that the Dockerfile makes."""
ROOT = "root"


def leave_root(readable: Sequence[Path], writable: Sequence[Path] = ()) -> str:
    """Become `USER` when this process is root and that user can do the work; returns who we are.

    Parameters
    ----------
    readable
        What will be read. What only root can read keeps us root.
    writable
        The folders to be written: made if need be, and given to the user with all that is in them. A container
        without the capabilities that this takes stays root.
    """
    if os.getuid() != 0:
        return str(os.getuid())
    try:
        account = pwd.getpwnam(USER)
        with _trying(account):
            able = all(os.access(path, os.R_OK, effective_ids=True) for path in _everything(readable))
        if not able:
            return ROOT
        _hand_over(writable, account)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    except (KeyError, PermissionError):
        return ROOT
    return USER


@contextmanager
def _trying(account: pwd.struct_passwd) -> Iterator[None]:
    """Be the user for a while."""
    try:
        os.setegid(account.pw_gid)
        os.seteuid(account.pw_uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def _hand_over(folders: Iterable[Path], account: pwd.struct_passwd) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for path in _everything(folders):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _everything(folders: Iterable[Path]) -> list[Path]:
    return [path for folder in folders if folder.exists() for path in (folder, *folder.rglob("*"))]
