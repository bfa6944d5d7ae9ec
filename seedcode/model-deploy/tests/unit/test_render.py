"""Template configurations: every parameter of endpoint.yaml, from the environment and this repository's config."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.stub import Stubber

from deployment.build_settings import STAGES, BuildSettings
from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface
from deployment.render import TEMPLATE, render, render_stage
from deployment.stage_config import StageConfig, read_stage_config

MODEL = ModelInterface("text/csv", ("label", "score", "-"))
TESTS = {"score_tolerance": 0.001, "latency_requests": 20, "latency_p95_seconds": 1}


def config(scale_out_by: int = 0) -> StageConfig:
    return StageConfig.model_validate(
        {"scale_out_by": scale_out_by, "data_capture_percentage": 50, "tests": TESTS}
    )


def template_parameters() -> set[str]:
    section = TEMPLATE.read_text().partition("\nParameters:\n")[2].partition("\nMappings:\n")[0]
    return {line.strip(" :") for line in section.splitlines() if line.startswith("  ") and line[2] != " "}


def test_both_stages_fill_exactly_the_parameters_of_the_template(
    sagemaker: Stubber, build_settings: BuildSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each mode asks SageMaker for other things, and this repository's stages may have any.
    monkeypatch.setattr("deployment.render.read_stage_config", lambda _stage: config())
    for stage in STAGES:
        sagemaker.add_client_error(
            "describe_endpoint",
            "ValidationException",
            "Could not find endpoint",
            expected_params={"EndpointName": f"sagemaker-churn-p-1-{stage}"},
        )
        sagemaker.add_client_error("describe_pipeline", "ResourceNotFound", "does not exist")
    clients = dict.fromkeys(STAGES, sagemaker.client)
    render(clients, sagemaker.client, {}, build_settings, MODEL, tmp_path)
    assert (tmp_path / "endpoint.yaml").read_bytes() == TEMPLATE.read_bytes()
    for stage in STAGES:
        content = json.loads((tmp_path / f"{stage}.json").read_text())
        assert set(content["Parameters"]) == template_parameters()
        assert all(isinstance(value, str) and value for value in content["Parameters"].values())
        assert content["Parameters"]["ModelMediaType"] == "text/csv"
        assert content["Parameters"]["ModelAnswerColumns"] == "label,score,-"
        assert content["Tags"] == {"sagemaker:project-name": "churn", "sagemaker:project-id": "p-1"}


def test_each_stage_has_its_own_names_and_size(build_settings: BuildSettings) -> None:
    staging = render_stage(build_settings, "staging", config(), MODEL)["Parameters"]
    prod = render_stage(build_settings, "prod", config(), MODEL)["Parameters"]
    own = {"StageName", "EndpointName", "FunctionName", "InstanceType", "InstanceCount", "DataCaptureUri"}
    own |= {"AsynchronousUri", "NotificationsTopicArn", "BatchPipelineName", "BatchUri"}
    assert all(staging[name] != prod[name] for name in own)
    assert all(staging[name] == prod[name] for name in set(staging) - set(own))
    assert prod["DataCaptureUri"] == "s3://sagemaker-churn-p-1-123456789012/data-capture/prod"


def test_a_stage_of_another_account_stands_on_its_own(build_settings: BuildSettings) -> None:
    elsewhere = "arn:aws:iam::444455556666:role/sagemaker-churn-p-1-prod"
    key = "arn:aws:kms:eu-west-1:444455556666:key/k"
    settings = build_settings.model_copy(
        update={
            "prod_model_role_arn": f"{elsewhere}-model",
            "prod_api_role_arn": f"{elsewhere}-api",
            "prod_rest_api_id": "def456",
            "prod_kms_key_arn": key,
        }
    )
    staging = render_stage(settings, "staging", config(), MODEL)["Parameters"]
    prod = render_stage(settings, "prod", config(), MODEL)["Parameters"]
    own = ("ModelRoleArn", "ApiRoleArn", "RestApiId", "KmsKeyArn", "VolumeKmsKeyArn", "DataKmsKeyArn")
    assert [prod[name] for name in own] == [
        f"{elsewhere}-model",
        f"{elsewhere}-api",
        "def456",
        key,
        key,
        settings.kms_key_arn,
    ]
    assert [staging[name] for name in own] == [
        settings.model_role_arn,
        settings.api_role_arn,
        settings.rest_api_id,
        settings.kms_key_arn,
        settings.kms_key_arn,
        settings.kms_key_arn,
    ]


@pytest.mark.parametrize(("scale_out_by", "largest"), [(0, "0"), (3, "5")])
def test_autoscaling_adds_to_what_the_project_was_created_with(
    build_settings: BuildSettings, scale_out_by: int, largest: str
) -> None:
    parameters = render_stage(build_settings, "prod", config(scale_out_by), MODEL)["Parameters"]
    assert (parameters["InstanceCount"], parameters["MaxInstanceCount"]) == ("2", largest)


@pytest.mark.parametrize("instance_type", ["ml.m5d.large", "ml.g4dn.xlarge", "ml.c6gd.large", "ml.g5.xlarge"])
def test_local_disks_encrypt_themselves_and_get_no_key(
    build_settings: BuildSettings, instance_type: str
) -> None:
    settings = build_settings.model_copy(update={"staging_instance_type": instance_type})
    parameters = render_stage(settings, "staging", config(), MODEL)["Parameters"]
    assert (parameters["InstanceType"], parameters["VolumeKmsKeyArn"]) == (instance_type, "none")
    assert parameters["KmsKeyArn"] == settings.kms_key_arn


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.c6g.large", "ml.t2.medium", "ml.m7i.xlarge"])
def test_volumes_of_other_instance_types_get_the_key(
    build_settings: BuildSettings, instance_type: str
) -> None:
    settings = build_settings.model_copy(update={"staging_instance_type": instance_type})
    parameters = render_stage(settings, "staging", config(), MODEL)["Parameters"]
    assert (parameters["InstanceType"], parameters["VolumeKmsKeyArn"]) == (
        instance_type,
        settings.kms_key_arn,
    )


@pytest.mark.parametrize("stage", STAGES)
def test_the_configuration_in_this_repository_is_valid(stage: str) -> None:
    assert read_stage_config(stage).tests.latency_p95_seconds > 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("scale_out_by: [", "is not valid YAML"),
        ("scale_out_by: 1", "data_capture_percentage: Field required"),
        ("scale_out_by: -1", "scale_out_by: Input should be greater than or equal to 0"),
        ("scale_up: 1", "scale_up: Extra inputs are not permitted"),
        ("", "Input should be a valid dictionary"),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused_with_its_field(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "staging.yaml").write_text(text)
    with pytest.raises(UserError, match=r"config/staging\.yaml") as caught:
        read_stage_config("staging", tmp_path)
    assert complaint in str(caught.value)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no config/prod\.yaml"):
        read_stage_config("prod", tmp_path)
