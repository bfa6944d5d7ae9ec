"""The machine's control files in, the bytes of memory that this container may use out."""

from __future__ import annotations

import os
from pathlib import Path

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where control groups, version 2 and 1, say it."""


def usable_memory() -> int:
    """Return the machine's memory, or the container's share of it where one is set."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [path.read_text().strip() for path in LIMITS if path.exists()]
    return min([total, *(int(limit) for limit in limits if limit.isdecimal())])
