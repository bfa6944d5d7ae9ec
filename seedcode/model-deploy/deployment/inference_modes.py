"""How a stage answers: the modes, the settings of each, and what does not go together; `stage_config` reads them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Mode = Literal["real-time", "serverless", "asynchronous", "batch", "multi-model"]

# One of something has no plural s; cron has six fields.
_SCHEDULE = r"^(rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)|cron\((\S+ ){5}\S+\))$"

# Answers are put into S3, where the API does not wait for them.
_WITHOUT_API = frozenset({"asynchronous", "batch"})


class Serverless(BaseModel):
    """Capacity of a serverless endpoint, within SageMaker's bounds.

    Attributes
    ----------
    memory_mb
        Memory of each environment; processors come in proportion.
    max_concurrency
        Most requests at a time; more are throttled. All endpoints of a region share a quota.
    provisioned_concurrency
        Environments that are kept warm, and paid for by the hour; 0: none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144]
    max_concurrency: int = Field(ge=1, le=200)
    provisioned_concurrency: int = Field(default=0, ge=0, le=200)

    @model_validator(mode="after")
    def _provisions_no_more_than_it_allows(self) -> Self:
        if self.provisioned_concurrency > self.max_concurrency:
            raise ValueError("provisioned_concurrency must not be larger than max_concurrency")
        return self


class Asynchronous(BaseModel):
    """What an asynchronous endpoint takes on at a time.

    Attributes
    ----------
    concurrent_invocations
        Requests that SageMaker sends to one instance at a time; others wait in its queue.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrent_invocations: int = Field(ge=1, le=1000)


class Batch(BaseModel):
    """When a stage without an endpoint predicts, and in what portions.

    Attributes
    ----------
    schedule
        When runs start by themselves, as EventBridge writes it: ``rate(1 day)``, ``cron(0 3 * * ? *)`` (UTC); none:
        whoever needs one starts it.
    max_payload_mb
        Largest request to the model; a file of JSON is one.
    concurrent_requests
        Requests to an instance at a time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schedule: str | None = Field(default=None, pattern=_SCHEDULE)
    max_payload_mb: int = Field(default=6, ge=1, le=100)
    concurrent_requests: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="after")
    def _sends_no_more_than_sagemaker_takes(self) -> Self:
        if self.max_payload_mb * self.concurrent_requests > 100:
            raise ValueError("max_payload_mb times concurrent_requests must not be more than 100 MB")
        return self


class MultiModel(BaseModel):
    """Which versions one endpoint serves.

    Attributes
    ----------
    previous
        How many approved versions before the one that is deployed stay callable, by their numbers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    previous: int = Field(ge=1, le=19)


def contradictions(
    mode: Mode,
    *,
    rest_api: bool,
    scale_out_by: int,
    data_capture_percentage: int,
    serverless: Serverless | None,
    asynchronous: Asynchronous | None,
    batch: Batch | None,
    multi_model: MultiModel | None,
) -> list[str]:
    """Return what of a stage's settings its mode rules out, each with the reason."""
    rules = (
        (
            mode == "serverless" and serverless is None,
            "mode serverless needs the section serverless: memory_mb and max_concurrency",
        ),
        (
            mode == "asynchronous" and asynchronous is None,
            "mode asynchronous needs the section asynchronous: concurrent_invocations",
        ),
        (
            mode == "batch" and batch is None,
            "mode batch needs the section batch, with a schedule or empty braces: batch: {}",
        ),
        (
            mode == "multi-model" and multi_model is None,
            "mode multi-model needs the section multi_model: previous",
        ),
        (
            mode != "multi-model" and multi_model is not None,
            f"section multi_model has no meaning in mode {mode}: such a stage serves one version",
        ),
        (
            mode != "serverless" and serverless is not None,
            f"section serverless has no meaning in mode {mode}",
        ),
        (
            mode != "asynchronous" and asynchronous is not None,
            f"section asynchronous has no meaning in mode {mode}",
        ),
        (
            mode != "batch" and batch is not None,
            f"section batch has no meaning in mode {mode}",
        ),
        (
            mode == "batch" and scale_out_by > 0,
            "scale_out_by must be 0 in mode batch: each run starts the project's instances and ends them",
        ),
        (
            mode == "serverless" and scale_out_by > 0,
            "scale_out_by must be 0 in mode serverless: there are no instances to add, max_concurrency bounds it",
        ),
        (
            mode == "multi-model" and data_capture_percentage > 0,
            "data_capture_percentage must be 0 in mode multi-model: captured requests do not say which model "
            "answered, and Model Monitor takes endpoints of one model only",
        ),
        (
            mode not in ("real-time", "multi-model") and data_capture_percentage > 0,
            f"data_capture_percentage must be 0 in mode {mode}: SageMaker captures at real-time endpoints only",
        ),
        (
            mode in _WITHOUT_API and rest_api,
            f"rest_api must be false in mode {mode}: the API answers within 29 seconds or not at all, "
            "and such a stage answers in S3",
        ),
        (
            mode not in _WITHOUT_API and not rest_api,
            f"rest_api must be true in mode {mode}: it is how applications and this repository's tests call it",
        ),
    )
    return [message for broken, message in rules if broken]
