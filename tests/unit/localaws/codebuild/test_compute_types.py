"""A compute type limits the build's container as AWS sizes its machine."""

from __future__ import annotations

import pytest

from localaws.services.codebuild.compute_types import limits


@pytest.mark.parametrize(
    ("compute_type", "memory_mb", "cpus"),
    [
        ("BUILD_GENERAL1_SMALL", 4096, 2.0),
        ("BUILD_GENERAL1_2XLARGE", 147456, 72.0),
        ("BUILD_LAMBDA_10GB", 10240, 0.0),
        ("ATTRIBUTE_BASED_COMPUTE", 0, 0.0),
    ],
)
def test_a_compute_type_has_its_memory_and_processors(compute_type: str, memory_mb: int, cpus: float) -> None:
    assert limits(compute_type) == {"memory_mb": memory_mb, "cpus": cpus}
