"""Leaves root before the first request is answered: SageMaker starts containers as root, serving does not need it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

USER = "model"
"""The user that the Dockerfile makes."""


def drop_privileges(needed: Path) -> str:
    """Become `USER` when this process is root and that user can read ``needed``; returns who we are.

    Parameters
    ----------
    needed
        The model folder, which worker processes read again. A folder that only root can read keeps us root.
    """
    if os.getuid() != 0:
        return str(os.getuid())
    try:
        account = pwd.getpwnam(USER)
    except KeyError:
        return "root"
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    readable = all(os.access(path, os.R_OK, effective_ids=True) for path in (needed, *needed.glob("*")))
    os.seteuid(0)
    os.setegid(0)
    if not readable:
        return "root"
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    return USER
