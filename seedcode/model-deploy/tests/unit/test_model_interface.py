"""How the API's function talks to a model: by what its package says, or not at all, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface, model_interface
from tests.unit.stubbed_clients import PACKAGE

SCHEMA = {"type": "object", "properties": {"age": {"type": "number"}}}


def resolved(
    types: list[str],
    environment: dict[str, str] | None = None,
    schema: dict[str, Any] | None = None,
) -> ModelInterface:
    container = {"Image": "image", **({"Environment": environment} if environment else {})}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": [*types, "image/jpeg"],
        "SupportedResponseMIMETypes": types,
    }
    package = {"ModelPackageArn": PACKAGE, "InferenceSpecification": specification}
    return model_interface(package, SCHEMA if schema is None else schema)


def test_json_comes_before_csv() -> None:
    assert resolved(["text/csv", "application/json"]).media_type == "application/json"


def test_json_needs_no_columns() -> None:
    assert resolved(["application/json"], schema={}).media_type == "application/json"


def test_csv_is_answered_with_a_score_unless_the_container_is_told_what() -> None:
    assert resolved(["text/csv"]) == ModelInterface("text/csv", ("score",))
    told = {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label, probability,labels"}
    assert resolved(["text/csv"], told) == ModelInterface("text/csv", ("label", "score", "-"))


def test_a_model_of_another_language_is_refused() -> None:
    with pytest.raises(UserError, match="takes and answers application/x-npy: register it with"):
        resolved(["application/x-npy"])


def test_an_answer_without_score_and_label_is_refused() -> None:
    told = {"SAGEMAKER_INFERENCE_OUTPUT": "probabilities"}
    with pytest.raises(UserError, match="answers probabilities: let SAGEMAKER_INFERENCE_OUTPUT"):
        resolved(["text/csv"], told)


def test_csv_without_columns_is_refused() -> None:
    with pytest.raises(UserError, match="name its columns, in order"):
        resolved(["text/csv"], schema={"type": "object"})
