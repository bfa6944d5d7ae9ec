"""Which versions a multi-model stage serves beside the approved one, and why another one is not."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from deployment.build_settings import BuildSettings
from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface
from deployment.render import render_stage
from deployment.stage_config import CONFIG_FOLDER, read_stage_config
from deployment.target_models import TargetModels, target_models
from tests.unit.stubbed_clients import GROUP, PACKAGE

JSON = ModelInterface("application/json", ("score",))
BUCKET = "s3://sagemaker-churn-p-1-123456789012"
IMAGE = "image@sha256:1"
SCHEMA = {"type": "object", "properties": {"age": {"type": "number"}}}


def arn(version: int) -> str:
    return f"{PACKAGE.rpartition('/')[0]}/{version}"


def package(version: int, types: str = "application/json", **container: Any) -> dict[str, Any]:
    artefact = f"{BUCKET}/training/train-{version}/output/model.tar.gz"
    return {
        "ModelPackageName": GROUP,
        "ModelPackageArn": arn(version),
        "CreationTime": 0,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": artefact, **container}],
            "SupportedContentTypes": [types],
            "SupportedResponseMIMETypes": [types],
        },
    }


def described(sagemaker: Stubber, version: int, **more: Any) -> None:
    answer = package(version, **more)
    sagemaker.add_response("describe_model_package", answer, {"ModelPackageName": arn(version)})


def approved(sagemaker: Stubber, *versions: int) -> None:
    summary = {"CreationTime": 0, "ModelPackageStatus": "Completed"}
    sagemaker.add_response(
        "list_model_packages",
        {"ModelPackageSummaryList": [{"ModelPackageArn": arn(each), **summary} for each in versions]},
        {
            "ModelPackageGroupName": GROUP,
            "ModelApprovalStatus": "Approved",
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        },
    )


def served(sagemaker: Stubber, settings: BuildSettings, previous: int = 2, **container: Any) -> TargetModels:
    return target_models(sagemaker.client, package(7, **container), settings, previous, JSON, SCHEMA)


def test_the_approved_version_comes_first_and_those_before_it_follow(
    sagemaker: Stubber, build_settings: BuildSettings
) -> None:
    approved(sagemaker, 8, 7, 5, 4, 2)
    for version in (5, 4):
        described(sagemaker, version)
    models = served(sagemaker, build_settings)
    assert models.image == IMAGE
    assert models.prefix == f"{BUCKET}/training/"
    assert models.as_text() == ",".join(f"{v}=train-{v}/output/model.tar.gz" for v in (7, 5, 4))
    assert models.left_out == ()


def test_a_first_version_is_served_alone(sagemaker: Stubber, build_settings: BuildSettings) -> None:
    approved(sagemaker, 7)
    assert list(served(sagemaker, build_settings).artefacts) == ["7"]


def test_an_earlier_version_of_another_image_is_left_out_with_the_reason(
    sagemaker: Stubber, build_settings: BuildSettings
) -> None:
    approved(sagemaker, 7, 6, 5, 4)
    described(sagemaker, 6, Image="image@sha256:2")
    described(sagemaker, 5)
    models = served(sagemaker, build_settings, previous=2)
    assert list(models.artefacts) == ["7", "5"]
    assert models.left_out[0].startswith("version 6 is not served: it was approved with another image")


def test_an_earlier_version_that_speaks_otherwise_is_left_out(
    sagemaker: Stubber, build_settings: BuildSettings
) -> None:
    approved(sagemaker, 7, 6)
    described(sagemaker, 6, types="text/csv")
    assert served(sagemaker, build_settings).left_out == (
        "version 6 is not served: it takes or answers something else",
    )


@pytest.mark.parametrize(
    ("container", "complaint"),
    [
        ({"Environment": {"A": "1"}}, r"variables of its own \(A\)"),
        (
            {"ModelDataUrl": "s3://elsewhere/training/model.tar.gz"},
            r"not a \.tar\.gz below s3://sagemaker-churn",
        ),
        ({"ModelDataUrl": f"{BUCKET}/training/a=b,/model.tar.gz"}, r"not a \.tar\.gz below"),
    ],
)
def test_an_approved_version_that_cannot_be_served_so_is_refused(
    sagemaker: Stubber, build_settings: BuildSettings, container: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UserError, match=f"mode multi-model cannot serve {PACKAGE}: .*{complaint}"):
        served(sagemaker, build_settings, **container)


def test_artefacts_that_do_not_fit_into_the_functions_environment_are_refused(
    sagemaker: Stubber, build_settings: BuildSettings
) -> None:
    approved(sagemaker, 7)
    with pytest.raises(UserError, match=r"lower multi_model\.previous"):
        served(sagemaker, build_settings, ModelDataUrl=f"{BUCKET}/training/{'a' * 3000}/model.tar.gz")


def test_a_stage_is_told_image_prefix_and_versions_and_a_digest_of_them(
    build_settings: BuildSettings,
) -> None:
    config = read_stage_config("multi-model", CONFIG_FOLDER / "examples")
    models = TargetModels(IMAGE, f"{BUCKET}/training/", {"7": "a.tar.gz", "6": "b.tar.gz"})
    parameters = render_stage(build_settings, "prod", config, JSON, models)["Parameters"]
    assert parameters["Mode"] == "multi-model"
    assert parameters["ModelImageUri"] == IMAGE
    assert parameters["ModelsUri"] == f"{BUCKET}/training/"
    assert parameters["TargetModels"] == "7=a.tar.gz,6=b.tar.gz"
    fewer = TargetModels(IMAGE, models.prefix, {"7": "a.tar.gz"})
    assert fewer.digest() != models.digest() == parameters["TargetModelsDigest"]
