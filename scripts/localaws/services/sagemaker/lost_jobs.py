"""Ends what ran when the server ended, as its kind of job ends: nothing of it is left to wait for."""

from __future__ import annotations

from collections.abc import Callable

from localaws.services.sagemaker import automl_run, callbacks, processing, training, transform_run, tuning_run
from localaws.services.sagemaker.jobs import Job
from localaws.services.sagemaker.resources import Region

ENDS: dict[str, Callable[[Region, Job, str], None]] = {
    "training_jobs": training.end_failed,
    "processing_jobs": processing.end_failed,
    "transform_jobs": transform_run.end_failed,
    "auto_ml_jobs": automl_run.end_failed,
    # After the training jobs, which it counts.
    "hyper_parameter_tuning_jobs": tuning_run.end_failed,
}


def end_lost_jobs(region: Region, reason: str) -> None:
    """Let every job that has not ended fail with ``reason``, and forget whom callback steps waited for."""
    for table, end in ENDS.items():
        for job in list(region.table(table).values()):
            if isinstance(job, Job) and not job.finished.is_set():
                end(region, job, reason)
                job.finished.set()
    callbacks.forget(region)
