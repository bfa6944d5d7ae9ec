"""Reads `config/<stage>.yaml`, what this repository decides about a stage; `render` and the stage's tests use it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from deployment.deployment_errors import UserError
from deployment.inference_modes import (
    Asynchronous,
    Batch,
    Mode,
    MultiModel,
    Serverless,
    contradictions,
)

CONFIG_FOLDER = Path(__file__).parent.parent / "config"


class StageTests(BaseModel):
    """How the stage's tests judge.

    Attributes
    ----------
    score_tolerance
        How far a golden record's score may lie from the one that the evaluation noted; of scores above 1, by which
        share of it.
    latency_requests
        Single-record requests that the latency is measured with; in mode batch there are none.
    latency_p95_seconds
        Most seconds that 95 % of them may take, cold start and, in mode asynchronous, the queue included; in mode
        batch, that a run over the golden records may take.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    score_tolerance: float = Field(gt=0)
    latency_requests: int = Field(default=20, ge=20, le=1000)
    latency_p95_seconds: float = Field(gt=0)


class StageConfig(BaseModel):
    """One stage's configuration.

    Attributes
    ----------
    mode
        How the stage answers.
    rest_api
        Whether the REST API calls the endpoint; without it nothing answers at the stage's URL.
    scale_out_by
        Instances that autoscaling may add to those that the project was created with; 0: no autoscaling.
    data_capture_percentage
        Percentage of requests that are captured in the project's bucket; 0: none.
    serverless, asynchronous, batch, multi_model
        Settings of the mode of that name.
    tests
        How the stage's tests judge.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = "real-time"
    rest_api: bool = True
    scale_out_by: int = Field(ge=0, le=90)
    data_capture_percentage: int = Field(ge=0, le=100)
    serverless: Serverless | None = None
    asynchronous: Asynchronous | None = None
    batch: Batch | None = None
    multi_model: MultiModel | None = None
    tests: StageTests

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        found = contradictions(
            self.mode,
            rest_api=self.rest_api,
            scale_out_by=self.scale_out_by,
            data_capture_percentage=self.data_capture_percentage,
            serverless=self.serverless,
            asynchronous=self.asynchronous,
            batch=self.batch,
            multi_model=self.multi_model,
        )
        if found:
            raise ValueError("; ".join(found))
        return self


def read_stage_config(stage: str, folder: Path = CONFIG_FOLDER) -> StageConfig:
    """Return the configuration of ``stage``.

    Raises
    ------
    UserError
        The file is missing, no YAML, or breaks a rule; the message names file and field.
    """
    path = folder / f"{stage}.yaml"
    try:
        return StageConfig.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError as error:
        raise UserError(f"there is no config/{path.name}") from error
    except yaml.YAMLError as error:
        raise UserError(f"config/{path.name} is not valid YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(_fault(e) for e in error.errors())
        raise UserError(f"config/{path.name} is invalid: {faults}") from error


def _fault(error: ErrorDetails) -> str:
    # What this repository's own checks say begins with pydantic's name for them.
    message = error["msg"].removeprefix("Value error, ")
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {message}" if where else message
