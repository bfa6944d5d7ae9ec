"""What a machine of an instance type has, as limits of a container; ``ml.`` types have what their EC2 twins have."""

from __future__ import annotations

import functools
from typing import TypedDict


class Machine(TypedDict):
    """A container's limits; 0 stands for none."""

    memory_mb: int
    cpus: float


UNLIMITED = Machine(memory_mb=0, cpus=0.0)


@functools.cache
def machine(instance_type: str) -> Machine:
    """Return the memory and processors of ``ml.m5.large`` and the like; no limits for a type without a twin."""
    # The table behind is large, and not every server runs a job.
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    twin = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    if twin is None:
        return UNLIMITED
    memory, processors = twin["MemoryInfo"]["SizeInMiB"], twin["VCpuInfo"]["DefaultVCpus"]
    return Machine(memory_mb=int(memory), cpus=float(processors))
