"""The environment of the train build and the contents of `model.toml`, checked, for `run_pipeline` and `pipeline`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from churn.errors import UserError

MODEL_FILE = Path(__file__).with_name("model.toml")


class BuildSettings(BaseSettings):
    """What CodeBuild passes in environment variables of these names in capitals."""

    model_config = SettingsConfigDict(frozen=True)

    aws_region: str = Field(min_length=1)
    image_uri: str = Field(pattern=r"@sha256:[0-9a-f]{64}$")
    commit_id: str = Field(min_length=1)
    project_name: str = Field(min_length=1)
    project_id: str = Field(min_length=1)
    pipeline_name: str = Field(min_length=1)
    model_package_group: str = Field(min_length=1)
    pipeline_role_arn: str = Field(pattern=r"^arn:")
    project_bucket: str = Field(min_length=1)
    kms_key_arn: str = Field(pattern=r"^arn:")
    # What the metadata of a model package, where the location will stand, can hold.
    data_location: str = Field(default="", max_length=256, pattern=r"^(s3://[a-z0-9.-]+/[\w .:/=+@-]+)?$")


class Strict(BaseModel):
    """A table of the file in which nothing unknown may stand."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Labels(Strict):
    """How the model's answers are called."""

    positive: str
    negative: str


class Defaults(Strict):
    """Defaults of the pipeline's parameters."""

    auc_threshold: float = Field(ge=0, le=1)
    processing_instance_type: str
    training_instance_type: str
    training_instance_count: int = Field(ge=1)
    model_approval_status: Literal["PendingManualApproval", "Approved", "Rejected"]


class Registry(Strict):
    """What a model package may be deployed on."""

    inference_instance_types: list[str]
    transform_instance_types: list[str]


class Limits(Strict):
    """When to give up, and how long a step's result may stand for a new run of it."""

    job_minutes: int = Field(ge=1)
    cache_days: int = Field(ge=1)


class ModelConfiguration(Strict):
    """The file as a whole."""

    hyperparameters: dict[str, int | float]
    labels: Labels
    defaults: Defaults
    registry: Registry
    limits: Limits

    @classmethod
    def read(cls, path: Path = MODEL_FILE) -> ModelConfiguration:
        """Read the file; what is wrong in it is named."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (ValidationError, tomllib.TOMLDecodeError) as error:
            raise UserError(f"{path.name}: {error}") from error


def read_build_settings() -> BuildSettings:
    """Read the environment; a variable that is missing or wrong is named."""
    try:
        return BuildSettings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()
        )
        raise UserError(f"the build's environment is incomplete: {wrong}") from error
