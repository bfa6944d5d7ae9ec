"""An instance type says how much memory and how many processors its container gets."""

from __future__ import annotations

import pytest

from localaws.services.sagemaker.instance_types import has_local_disks, machine


@pytest.mark.parametrize(
    ("instance_type", "memory_mb", "cpus"),
    [("ml.m5.large", 8192, 2), ("ml.c5.4xlarge", 32768, 16), ("ml.t3.medium", 4096, 2)],
)
def test_an_instance_type_has_what_its_ec2_twin_has(instance_type: str, memory_mb: int, cpus: int) -> None:
    assert machine(instance_type) == {"memory_mb": memory_mb, "cpus": cpus}


def test_a_type_that_nobody_knows_is_not_limited() -> None:
    assert machine("ml.x99.huge") == {"memory_mb": 0, "cpus": 0}


@pytest.mark.parametrize(
    "instance_type",
    ["ml.g5.xlarge", "ml.m5d.large", "ml.trn2.48xlarge", "ml.dl1.24xlarge", "ml.p3dn.24xlarge"],
)
def test_some_types_have_disks_of_their_own(instance_type: str) -> None:
    assert has_local_disks(instance_type)


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.p3.2xlarge", "ml.inf1.xlarge", "ml.x99.huge"])
def test_others_have_none(instance_type: str) -> None:
    assert not has_local_disks(instance_type)
