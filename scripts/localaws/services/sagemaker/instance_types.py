"""What a machine of an instance type has, limits and local disks; ``ml.`` types have what their EC2 twins have."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypedDict


class Machine(TypedDict):
    """A container's limits; 0 stands for none."""

    memory_mb: int
    cpus: float


UNLIMITED = Machine(memory_mb=0, cpus=0.0)
# Families of SageMaker's that moto's table of EC2's types lacks.
_WITH_LOCAL_DISKS = ("ml.dl1.", "ml.p6e-gb200.")


@functools.cache
def machine(instance_type: str) -> Machine:
    """Return the memory and processors of ``ml.m5.large`` and the like; no limits for a type without a twin."""
    twin = _twin(instance_type)
    if twin is None:
        return UNLIMITED
    memory, processors = twin["MemoryInfo"]["SizeInMiB"], twin["VCpuInfo"]["DefaultVCpus"]
    return Machine(memory_mb=int(memory), cpus=float(processors))


@functools.cache
def has_local_disks(instance_type: str) -> bool:
    """Tell whether the machine has disks of its own, which its hardware encrypts."""
    storage = (_twin(instance_type) or {}).get("InstanceStorageInfo") or {}
    return storage.get("EncryptionSupport") == "required" or instance_type.startswith(_WITH_LOCAL_DISKS)


def _twin(instance_type: str) -> Mapping[str, Any] | None:
    # The table behind is large, and not every server runs a job.
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    twin: Mapping[str, Any] | None = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    return twin
