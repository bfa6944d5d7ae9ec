"""A serverless stage in another account takes models in AWS's images, and none in the project's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deployment.build_settings import BuildSettings
from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface
from deployment.render import render
from deployment.serverless_image import refuse_image_of_another_account
from deployment.stage_config import StageConfig
from tests.unit.stubbed_clients import PACKAGE

OWN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/model@sha256:" + "0" * 64
AWSS = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/tensorflow-inference:2.19.0-cpu"
TESTS = {"score_tolerance": 0.001, "latency_requests": 20, "latency_p95_seconds": 1}
SERVERLESS = {"mode": "serverless", "serverless": {"memory_mb": 2048, "max_concurrency": 5}}


def config(**changes: Any) -> StageConfig:
    return StageConfig.model_validate(
        {"scale_out_by": 0, "data_capture_percentage": 0, "tests": TESTS, **changes}
    )


@pytest.fixture
def elsewhere(build_settings: BuildSettings) -> BuildSettings:
    role = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod-model"
    return build_settings.model_copy(update={"prod_model_role_arn": role})


def package(*images: str) -> Mapping[str, Any]:
    return {
        "ModelPackageArn": PACKAGE,
        "InferenceSpecification": {"Containers": [{"Image": image} for image in images]},
    }


def test_the_project_s_own_image_is_refused_with_both_accounts(elsewhere: BuildSettings) -> None:
    with pytest.raises(
        UserError, match=r"config/prod\.yaml: .* is in 123456789012, the stage in 444455556666"
    ):
        refuse_image_of_another_account(package(AWSS, OWN), elsewhere, "prod", config(**SERVERLESS))


def test_an_image_of_aws_is_taken(elsewhere: BuildSettings) -> None:
    refuse_image_of_another_account(package(AWSS), elsewhere, "prod", config(**SERVERLESS))


def test_a_stage_at_home_or_one_with_instances_takes_any_image(elsewhere: BuildSettings) -> None:
    refuse_image_of_another_account(package(OWN), elsewhere, "staging", config(**SERVERLESS))
    refuse_image_of_another_account(package(OWN), elsewhere, "prod", config())


def test_build_refuses_before_it_writes_a_stage(
    elsewhere: BuildSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = elsewhere.model_copy(update={"staging_model_role_arn": elsewhere.prod_model_role_arn})
    monkeypatch.setattr("deployment.render.read_stage_config", lambda _stage: config(**SERVERLESS))
    model = ModelInterface("application/json", ("score",))
    with pytest.raises(UserError, match="hosts no image of another account"):
        render({}, None, package(OWN), settings, model, tmp_path)
    assert not (tmp_path / "staging.json").exists()
