"""The environment that SageMaker gives a container, read once; `training` and `serving` take it from here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xgboost_daal4py.errors import UserError

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """What the platform decides about a run of this container."""

    ml_root: Path
    """The folder that SageMaker calls ``/opt/ml``."""
    port: int
    workers: int
    max_payload_bytes: int
    """A larger request is refused; 25 MB is what a real-time endpoint lets through."""
    training_job_name: str

    @property
    def model_folder(self) -> Path:
        return self.ml_root / "model"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; a number that is none is the caller's error and named."""
        return cls(
            ml_root=Path(environment.get("ML_ROOT", "/opt/ml")),
            port=_positive(environment, "SAGEMAKER_BIND_TO_PORT", 8080),
            workers=_positive(environment, "SAGEMAKER_MODEL_SERVER_WORKERS", os.cpu_count() or 1),
            max_payload_bytes=_positive(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 25) * MEGABYTE,
            training_job_name=environment.get("TRAINING_JOB_NAME", ""),
        )


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "") or str(default)
    if not text.isdecimal() or int(text) == 0:
        raise UserError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)
