"""Reads from a model package what its model takes and answers; `render` tells the API's function of the stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployment.deployment_errors import UserError

JSON = "application/json"
CSV = "text/csv"
# What SageMaker's AutoML calls the columns of an answer, and what the API calls them; others are dropped.
_COLUMNS = {"predicted_label": "label", "probability": "score"}
_DROPPED = "-"
# The variable by which the containers of AutoML's candidates, and others, are told what to answer.
_ANSWER_VARIABLE = "SAGEMAKER_INFERENCE_OUTPUT"


@dataclass(frozen=True)
class ModelInterface:
    """How to talk to a model.

    Attributes
    ----------
    media_type
        Of requests and answers: ``application/json`` or ``text/csv``.
    answer_columns
        What a line of a CSV answer holds: ``score``, ``label``, or ``-`` for what the API drops.
    """

    media_type: str
    answer_columns: tuple[str, ...]


def model_interface(package: Mapping[str, Any], schema: Mapping[str, Any]) -> ModelInterface:
    """Return how the API's function talks to the model of a package.

    Parameters
    ----------
    package
        The package, as SageMaker describes it.
    schema
        What a record is: the columns of CSV and their order.

    Raises
    ------
    UserError
        The function and the model have no language in common.
    """
    arn, specification = package["ModelPackageArn"], package["InferenceSpecification"]
    spoken = set(specification.get("SupportedContentTypes", ()))
    spoken &= set(specification.get("SupportedResponseMIMETypes", ()))
    answers = specification["Containers"][0].get("Environment", {}).get(_ANSWER_VARIABLE, "probability")
    columns = tuple(_COLUMNS.get(name.strip(), _DROPPED) for name in answers.split(","))
    if JSON in spoken:
        return ModelInterface(JSON, columns)
    if CSV not in spoken:
        raise UserError(
            f"{arn} takes and answers {', '.join(sorted(spoken)) or 'no media type in common'}:"
            f" register it with {JSON} or {CSV} among both its content types and its response MIME types"
        )
    if set(columns) == {_DROPPED}:
        raise UserError(
            f"{arn} answers {answers}: let {_ANSWER_VARIABLE} of its container name {' or '.join(_COLUMNS)}"
        )
    if not schema.get("properties"):
        raise UserError(
            f"{arn} takes {CSV}: name its columns, in order, as properties in"
            " lambda/inference_api/record.schema.json"
        )
    return ModelInterface(CSV, columns)
