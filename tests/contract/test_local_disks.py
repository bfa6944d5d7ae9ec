"""Which instance types encrypt disks of their own: what the seeded repositories say, and what localaws refuses."""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest

from localaws.services.sagemaker.instance_types import has_local_disks

SEEDCODE = Path(__file__).parents[2] / "seedcode"
# Each repository stands alone, so each has the families written down.
BUILDS, DEPLOYS = "model-build/mlpipelines/job_parts.py", "model-deploy/deployment/render.py"


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (BUILDS, "ProcessingInstanceType"),
        (BUILDS, "TrainingInstanceType"),
        (BUILDS, "TransformInstanceType"),
        (DEPLOYS, "ProductionVariantInstanceType"),
    ],
)
def test_the_families_are_those_that_sagemaker_gives_no_key(module: str, shape: str) -> None:
    written = re.search(r'_DISKS? = re\.compile\(\s*r"(.+)"', (SEEDCODE / module).read_text())
    assert written is not None
    types: list[str] = botocore.session.Session().get_service_model("sagemaker").shape_for(shape).enum  # type: ignore[attr-defined]
    wrong = [each for each in types if bool(re.match(written[1], each)) != has_local_disks(each)]
    assert len(types) > 100
    assert not wrong
