"""What a build has by its compute type: limits of its container come out, none for a type without numbers."""

from __future__ import annotations

import re
from typing import TypedDict

GIB = 1024
GENERAL = {
    "SMALL": (4, 2),
    "MEDIUM": (8, 4),
    "LARGE": (16, 8),
    "XLARGE": (72, 36),
    "2XLARGE": (144, 72),
}
"""GiB of memory and processors of ``BUILD_GENERAL1_...``."""


class Limits(TypedDict):
    """A container's limits; 0 stands for none."""

    memory_mb: int
    cpus: float


def limits(compute_type: str) -> Limits:
    """Return what a compute type has."""
    general = GENERAL.get(compute_type.removeprefix("BUILD_GENERAL1_"))
    if general is not None:
        return Limits(memory_mb=general[0] * GIB, cpus=float(general[1]))
    function = re.fullmatch(r"BUILD_LAMBDA_(\d+)GB", compute_type)
    return Limits(memory_mb=int(function[1]) * GIB if function else 0, cpus=0.0)
