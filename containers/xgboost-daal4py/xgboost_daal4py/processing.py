"""The edge of a processing script: leaves root, runs the script's work, leaves a failure's reason for SageMaker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xgboost_daal4py.job import run_job
from xgboost_daal4py.privileges import leave_root


def run_processing_job(work: Callable[[], None], ml_root: Path) -> int:
    """Run ``work`` and return the exit code: 0, or 1 with the reason in ``output/message``.

    Parameters
    ----------
    work
        The job. It runs as the user `model` where SageMaker's description of the job tells what it reads and writes;
        without one (a container run by hand) it runs as whoever has started it.
    ml_root
        The folder that SageMaker calls ``/opt/ml``.
    """
    description = ml_root / "config" / "processingjobconfig.json"
    if description.exists():
        job = json.loads(description.read_text(encoding="utf-8"))
        leave_root(
            _local_paths(job.get("ProcessingInputs")),
            [
                ml_root / "output",
                *_local_paths((job.get("ProcessingOutputConfig") or {}).get("Outputs")),
            ],
        )
    return run_job(work, ml_root / "output" / "message")


def _local_paths(places: list[dict[str, Any]] | None) -> list[Path]:
    """Return where inputs or outputs lie in the container."""
    found = [place.get("S3Input") or place.get("S3Output") or {} for place in places or []]
    return [Path(place["LocalPath"]) for place in found if place.get("LocalPath")]
