"""A folder in, the tag that stands for its content out; `build` looks for that tag in ECR."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from failures import UserError

CACHES = ("__pycache__", "*.pyc", "*.egg-info", ".git", ".venv", ".*_cache", ".hypothesis", ".DS_Store")
"""What tools leave behind: a path with a part that matches is not content."""
DIGITS = 16


def content_tag(context: Path) -> str:
    """Return ``content-`` and the first 16 digits of a SHA-256 over sorted paths, modes and bytes.

    Raises
    ------
    UserError
        When the folder has no Dockerfile or holds something that is neither file nor folder.
    """
    if not (context / "Dockerfile").is_file():
        raise UserError(f"{context} has no Dockerfile: it is not an image's context")
    total = hashlib.sha256()
    for path in sorted(_files(context), key=lambda path: path.relative_to(context).as_posix()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(context).as_posix()}\0{_mode(path)}\0{content}\n".encode())
    return f"content-{total.hexdigest()[:DIGITS]}"


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in CACHES):
            continue
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise UserError(f"{path} is neither a plain file nor a folder")
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _mode(path: Path) -> str:
    return "100755" if path.stat().st_mode & stat.S_IXUSR else "100644"
