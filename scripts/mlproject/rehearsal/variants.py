"""A variant's name comes in; its way to a first registered model goes out; what follows is the same in every life."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mlproject import console
from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal import logs, pipeline_examples

if TYPE_CHECKING:
    from mlproject.rehearsal.life import Life

DEFAULT = "churn-xgboost-daal4py"
NOTHING_TO_RUN = "no pipeline: no file has a sagemakerPipeline"


def checked(variant: str) -> str:
    """Return the variant that is meant; the default one without a name.

    Raises
    ------
    UserError
        When there is no such variant.
    """
    if variant and variant not in FIRST_MODELS:
        raise UserError(f"there is no variant {variant!r}: there is {', '.join(FIRST_MODELS)}")
    return variant or DEFAULT


def train(life: Life) -> None:
    """Let the first push train and register a model."""
    life.train()


def search(life: Life) -> None:
    """Let the first push search for a model and register it, and tell what was tried."""
    life.train()
    sagemaker = life.session.client("sagemaker")
    (job,) = sagemaker.list_auto_ml_jobs()["AutoMLJobSummaries"]
    found = sagemaker.list_candidates_for_auto_ml_job(
        AutoMLJobName=job["AutoMLJobName"], SortBy="FinalObjectiveMetricValue", SortOrder="Descending"
    )["Candidates"]
    if not found:
        raise PlatformError(f"{job['AutoMLJobName']} has no candidates, yet the pipeline succeeded")
    told = [(each["CandidateName"], each["FinalAutoMLJobObjectiveMetric"]) for each in found]
    console.note(", ".join(f"{name}: {metric['MetricName']} {metric['Value']:.3f}" for name, metric in told))


def switch_on(life: Life) -> None:
    """See that the first build is green with nothing to run, and switch the example on, which registers a model."""
    with life.summary.step("build green without a pipeline") as progress:
        build = life.project.names.repository("modelbuild")
        life.wait_pipeline(build, 1, progress)
        if NOTHING_TO_RUN not in logs.read(life.session, f"/aws/codebuild/{build}-train"):
            raise PlatformError("the first build had nothing to run, yet its log does not say so")
    pipeline_examples.run(life, ["first-pipeline"])


FIRST_MODELS: Mapping[str, Callable[[Life], None]] = {
    DEFAULT: train,
    "autopilot": search,
    "tensorflow": train,
    "huggingface": train,
    "config-only": switch_on,
}
