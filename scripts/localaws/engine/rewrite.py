"""Container paths in text become host paths: what a mount does in a container, for processes that have none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

# What may stand around a path without being part of a longer one; ``file://`` is a URL of a path.
_BEFORE = r"(?:(?<![\w.~%/-])|(?<=file://))"
_AFTER = r"(?![\w.~%-])"


class PathMap:
    """Rewrites container paths, the longest first, and only whole ones.

    ``/opt/ml`` is found in ``--input=/opt/ml/input`` and ``/bin:/opt/ml/bin``, not in ``s3://bucket/opt/ml`` or
    ``/opt/mlflow``.
    """

    def __init__(self, mounts: Mapping[str, Path]) -> None:
        self._folders = {_normal(path): str(folder) for path, folder in mounts.items()}
        paths = sorted(self._folders, key=len, reverse=True)
        alternatives = "|".join(re.escape(path) for path in paths)
        self._pattern = re.compile(f"{_BEFORE}({alternatives}){_AFTER}") if paths else None

    def __call__(self, text: str) -> str:
        """Return ``text`` with the host's paths."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._folders[match.group(1)], text)


def _normal(path: str) -> str:
    if not path.startswith("/") or not path.strip("/"):
        raise ValueError(f"a mount needs an absolute container path below /, not {path!r}")
    return path.rstrip("/")
