"""The environment that SageMaker gives a container, read once; `training` and `serving` take it from here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.memory import usable_memory

MEGABYTE = 1024 * 1024
DEFAULT_PORT = 8080


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
    batch: bool = False
    """Whether this is a batch transform job, whose answers are put together line by line."""
    multi_model: bool = False
    model_memory_bytes: int = 1024 * MEGABYTE
    """What all models of a multi-model endpoint may take in one worker."""
    threshold: float | None = None
    """Overrides the model's own decision threshold."""
    outputs: str = ""
    """What an answer holds for each record, where the request does not say; empty: the model's usual."""
    debug: bool = False
    safe_ports: range | None = None
    """The ports that this container may listen on; it needs only its own."""

    @property
    def model_folder(self) -> Path:
        return self.ml_root / "model"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; a number that is none is the caller's error and named."""
        workers = _positive(environment, "SAGEMAKER_MODEL_SERVER_WORKERS", os.cpu_count() or 1)
        megabytes = _positive(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 25)
        models = _positive(
            environment, "MODEL_MEMORY_IN_MB", usable_memory() // 2 // workers // MEGABYTE or 1
        )
        safe_ports = _ports(environment.get("SAGEMAKER_SAFE_PORT_RANGE", ""))
        return cls(
            ml_root=Path(environment.get("ML_ROOT", "/opt/ml")),
            port=_positive(environment, "SAGEMAKER_BIND_TO_PORT", DEFAULT_PORT),
            workers=workers,
            max_payload_bytes=_positive(environment, "MAX_CONTENT_LENGTH", megabytes * MEGABYTE),
            training_job_name=environment.get("TRAINING_JOB_NAME", ""),
            batch=_flag(environment, "SAGEMAKER_BATCH"),
            multi_model=_flag(environment, "SAGEMAKER_MULTI_MODEL"),
            model_memory_bytes=models * MEGABYTE,
            threshold=_share(environment, "DECISION_THRESHOLD"),
            outputs=environment.get("SAGEMAKER_INFERENCE_OUTPUT", ""),
            debug=environment.get("SAGEMAKER_CONTAINER_LOG_LEVEL", "").strip().lower() in ("10", "debug"),
            safe_ports=safe_ports,
        )


def _flag(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "").strip().lower() or "false"
    if text not in ("true", "false", "1", "0"):
        raise UserError(f"{name} must be true or false, not {text!r}")
    return text in ("true", "1")


def _share(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    try:
        value = float(text) if text else None
    except ValueError as error:
        raise UserError(f"{name} must be a number, not {text!r}") from error
    if value is not None and not 0 <= value <= 1:
        raise UserError(f"{name} must be between 0 and 1, not {text!r}")
    return value


def _ports(text: str) -> range | None:
    if not text.strip():
        return None
    first, _, last = text.strip().partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 65_536):
        raise UserError(f"SAGEMAKER_SAFE_PORT_RANGE must be two ports like 8000-8100, not {text!r}")
    return range(int(first), int(last) + 1)


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "") or str(default)
    if not text.isdecimal() or int(text) == 0:
        raise UserError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)
