"""The function's settings, read once from the environment that its CloudFormation template gives it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ApiSettings:
    """Settings of one function.

    Attributes
    ----------
    endpoint_name
        SageMaker endpoint that answers.
    region
        Region of the endpoint.
    project_id
        Project that log lines are attributed to.
    stage
        Stage that log lines are attributed to.
    model_media_type
        What the model takes and answers.
    model_answer_columns
        What a line of its answer holds, when that is CSV: ``score``, ``label``, or another word for what is dropped.
    target_models
        Artefact of each model version that the endpoint serves, the first the one that answers who names none; empty:
        it serves one model and knows of no others.
    connect_timeout
        Seconds to reach the endpoint.
    read_timeout
        Seconds to wait for one answer. Two attempts of both must fit into the function's timeout, which
        must be shorter than API Gateway's 29 seconds, or the caller never sees why it failed.
    """

    endpoint_name: str
    region: str
    project_id: str
    stage: str
    model_media_type: str = "application/json"
    model_answer_columns: tuple[str, ...] = ("score",)
    target_models: Mapping[str, str] = field(default_factory=dict)
    connect_timeout: float = 2.0
    read_timeout: float = 10.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ApiSettings:
        """Return the settings in ``environment`` (default: the process's own)."""
        values = os.environ if environment is None else environment
        return cls(
            endpoint_name=values["ENDPOINT_NAME"],
            region=values["AWS_REGION"],
            project_id=values["PROJECT_ID"],
            stage=values["STAGE"],
            model_media_type=values["MODEL_MEDIA_TYPE"],
            model_answer_columns=tuple(values["MODEL_ANSWER_COLUMNS"].split(",")),
            target_models=dict(
                item.split("=", 1) for item in values.get("TARGET_MODELS", "").split(",") if item
            ),
        )
