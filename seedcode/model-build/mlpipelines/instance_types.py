"""An instance type in, whether SageMaker has it for a kind of job out (to the request builders).

The list is a file, so that checking needs no SDK; `reference` makes it out of botocore's model, and a test compares.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from mlpipelines.schema_errors import suggestion

FILE = Path(__file__).with_name("instance_types.txt")
LETTERS: Mapping[str, str] = {
    "ProcessingInstanceType": "P",
    "TrainingInstanceType": "T",
    "TransformInstanceType": "B",
    "ProductionVariantInstanceType": "E",
}
USES: Mapping[str, str] = {
    "ProcessingInstanceType": "processing",
    "TrainingInstanceType": "training",
    "TransformInstanceType": "batch transform",
    "ProductionVariantInstanceType": "endpoints",
}


def check_instance_type(name: str, kind: str) -> str:
    """Return what is wrong with an instance type for a kind of job, by botocore's name of the kind; "" if nothing."""
    known = _read()
    if LETTERS[kind] in known.get(name, ""):
        return ""
    fitting = [each for each, letters in known.items() if LETTERS[kind] in letters]
    return f"SageMaker has no instance type {name} for {USES[kind]}{suggestion(name, fitting)}"


@functools.cache
def _read() -> dict[str, str]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))
