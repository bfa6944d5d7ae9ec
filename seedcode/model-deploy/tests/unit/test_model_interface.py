"""How the API's function talks to a model: by what its package says, or not at all, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface, model_interface
from tests.unit.stubbed_clients import PACKAGE

SCHEMA = {"type": "object", "properties": {"age": {"type": "number"}}}


def resolved(
    sagemaker: Stubber,
    types: list[str],
    environment: dict[str, str] | None = None,
    schema: dict[str, Any] | None = None,
) -> ModelInterface:
    container = {"Image": "image", **({"Environment": environment} if environment else {})}
    sagemaker.add_response(
        "describe_model_package",
        {
            "ModelPackageName": "sagemaker-churn-p-1",
            "ModelPackageArn": PACKAGE,
            "CreationTime": 0,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": [*types, "image/jpeg"],
                "SupportedResponseMIMETypes": types,
            },
        },
        {"ModelPackageName": PACKAGE},
    )
    return model_interface(sagemaker.client, PACKAGE, SCHEMA if schema is None else schema)


def test_json_comes_before_csv(sagemaker: Stubber) -> None:
    assert resolved(sagemaker, ["text/csv", "application/json"]).media_type == "application/json"


def test_json_needs_no_columns(sagemaker: Stubber) -> None:
    assert resolved(sagemaker, ["application/json"], schema={}).media_type == "application/json"


def test_csv_is_answered_with_a_score_unless_the_container_is_told_what(sagemaker: Stubber) -> None:
    assert resolved(sagemaker, ["text/csv"]) == ModelInterface("text/csv", ("score",))
    told = {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label, probability,labels"}
    assert resolved(sagemaker, ["text/csv"], told) == ModelInterface("text/csv", ("label", "score", "-"))


def test_a_model_of_another_language_is_refused(sagemaker: Stubber) -> None:
    with pytest.raises(UserError, match="takes and answers application/x-npy: register it with"):
        resolved(sagemaker, ["application/x-npy"])


def test_an_answer_without_score_and_label_is_refused(sagemaker: Stubber) -> None:
    told = {"SAGEMAKER_INFERENCE_OUTPUT": "probabilities"}
    with pytest.raises(UserError, match="answers probabilities: let SAGEMAKER_INFERENCE_OUTPUT"):
        resolved(sagemaker, ["text/csv"], told)


def test_csv_without_columns_is_refused(sagemaker: Stubber) -> None:
    with pytest.raises(UserError, match="name its columns, in order"):
        resolved(sagemaker, ["text/csv"], schema={"type": "object"})
