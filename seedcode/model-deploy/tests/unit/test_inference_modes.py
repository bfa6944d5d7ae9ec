"""The modes of a stage: what each needs, what it rules out, and what becomes of its parameters."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from pydantic import ValidationError

from deployment.build_settings import BuildSettings
from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface
from deployment.render import render_stage
from deployment.stage_config import CONFIG_FOLDER, StageConfig, read_stage_config
from deployment.stage_in_service import mode_in_service, refuse_change_of_mode

MODEL = ModelInterface("application/json", ("score",))
EXAMPLES = CONFIG_FOLDER / "examples"
ENDPOINT = "sagemaker-churn-p-1-staging"


def config(**settings: Any) -> StageConfig:
    return StageConfig.model_validate(
        {
            "scale_out_by": 0,
            "data_capture_percentage": 0,
            "tests": {"score_tolerance": 0.001, "latency_requests": 20, "latency_p95_seconds": 1},
            **settings,
        }
    )


SERVERLESS = {"mode": "serverless", "serverless": {"memory_mb": 2048, "max_concurrency": 5}}
ASYNCHRONOUS = {
    "mode": "asynchronous",
    "rest_api": False,
    "asynchronous": {"concurrent_invocations": 4},
}

BATCH = {"mode": "batch", "rest_api": False, "batch": {"schedule": "rate(2 hours)"}}
MULTI_MODEL = {"mode": "multi-model", "multi_model": {"previous": 2}}
PIPELINE = "sagemaker-churn-p-1-batch-staging"


@pytest.mark.parametrize("mode", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_there_is_a_valid_example_of_each_mode(mode: str) -> None:
    assert read_stage_config(mode, EXAMPLES).mode == mode


def test_a_stage_answers_in_real_time_unless_told() -> None:
    assert config().mode == "real-time"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"mode": "batch", "rest_api": False}, "mode batch needs the section batch"),
        ({"batch": {}}, "section batch has no meaning in mode real-time"),
        ({**BATCH, "scale_out_by": 1}, "scale_out_by must be 0 in mode batch: each run starts"),
        ({**BATCH, "data_capture_percentage": 5}, "data_capture_percentage must be 0 in mode batch"),
        ({**BATCH, "rest_api": True}, "rest_api must be false in mode batch: the API answers"),
        ({**BATCH, "batch": {"schedule": "rate(1 days)"}}, "batch.schedule"),
        ({**BATCH, "batch": {"schedule": "cron(0 3 * * *)"}}, "batch.schedule"),
        ({**BATCH, "batch": {"max_payload_mb": 50, "concurrent_requests": 3}}, "not be more than 100 MB"),
        ({"mode": "multi-model"}, "mode multi-model needs the section multi_model"),
        ({"multi_model": {"previous": 2}}, "section multi_model has no meaning in mode real-time"),
        ({"mode": "multi-model", "multi_model": {"previous": 0}}, "greater than or equal to 1"),
        ({"mode": "multi-model", "multi_model": {"previous": 20}}, "less than or equal to 19"),
        ({**MULTI_MODEL, "data_capture_percentage": 5}, "captured requests do not say which model answered"),
        ({**MULTI_MODEL, "rest_api": False}, "rest_api must be true in mode multi-model"),
        (
            {**MULTI_MODEL, "serverless": SERVERLESS["serverless"]},
            "section serverless has no meaning in mode multi",
        ),
        (
            {"mode": "psychic"},
            "Input should be 'real-time', 'serverless', 'asynchronous', 'batch' or 'multi-model'",
        ),
        ({"mode": "serverless"}, "mode serverless needs the section serverless"),
        ({"mode": "asynchronous", "rest_api": False}, "mode asynchronous needs the section asynchronous"),
        ({"serverless": SERVERLESS["serverless"]}, "section serverless has no meaning in mode real-time"),
        ({**SERVERLESS, "asynchronous": ASYNCHRONOUS["asynchronous"]}, "section asynchronous has no meaning"),
        ({**SERVERLESS, "scale_out_by": 1}, "scale_out_by must be 0 in mode serverless"),
        (
            {**SERVERLESS, "data_capture_percentage": 5},
            "data_capture_percentage must be 0 in mode serverless",
        ),
        ({**ASYNCHRONOUS, "data_capture_percentage": 5}, "data_capture_percentage must be 0 in mode async"),
        ({**ASYNCHRONOUS, "rest_api": True}, "rest_api must be false in mode asynchronous: the API answers"),
        ({"rest_api": False}, "rest_api must be true in mode real-time"),
        ({"mode": "serverless", "serverless": {"memory_mb": 1500, "max_concurrency": 5}}, "1024, 2048, 3072"),
        (
            {"mode": "serverless", "serverless": {"memory_mb": 1024, "max_concurrency": 201}},
            "less than or equal to 200",
        ),
        (
            {
                "mode": "serverless",
                "serverless": {"memory_mb": 1024, "max_concurrency": 2, "provisioned_concurrency": 3},
            },
            "provisioned_concurrency must not be larger than max_concurrency",
        ),
        ({**ASYNCHRONOUS, "asynchronous": {"concurrent_invocations": 0}}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(
    settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**settings)
    assert complaint in str(caught.value)


def test_a_serverless_stage_takes_its_capacity_from_its_section(build_settings: BuildSettings) -> None:
    parameters = render_stage(build_settings, "staging", config(**SERVERLESS), MODEL)["Parameters"]
    assert parameters["Mode"] == "serverless"
    assert parameters["ServerlessMemorySize"] == "2048"
    assert parameters["ServerlessMaxConcurrency"] == "5"
    assert parameters["ServerlessProvisionedConcurrency"] == "0"


@pytest.mark.parametrize("instance_type", ["ml.g4dn.xlarge", "ml.p3.2xlarge", "ml.inf1.xlarge"])
def test_several_models_on_accelerators_are_refused(
    build_settings: BuildSettings, instance_type: str
) -> None:
    settings = build_settings.model_copy(update={"staging_instance_type": instance_type})
    with pytest.raises(UserError, match="SageMaker serves several models on accelerators"):
        render_stage(settings, "staging", config(**MULTI_MODEL), MODEL)


@pytest.mark.parametrize("instance_type", ["ml.g4dn.xlarge", "ml.p3.2xlarge", "ml.inf1.xlarge"])
def test_a_serverless_stage_of_a_project_that_asks_for_accelerators_is_refused(
    build_settings: BuildSettings, instance_type: str
) -> None:
    settings = build_settings.model_copy(update={"staging_instance_type": instance_type})
    with pytest.raises(UserError, match=f"asks for {instance_type} in staging, and mode serverless"):
        render_stage(settings, "staging", config(**SERVERLESS), MODEL)


def test_an_asynchronous_stage_answers_below_its_own_prefix_and_tells_its_own_topic(
    build_settings: BuildSettings,
) -> None:
    parameters = render_stage(build_settings, "prod", config(**ASYNCHRONOUS), MODEL)["Parameters"]
    assert parameters["Mode"] == "asynchronous"
    assert parameters["ConcurrentInvocations"] == "4"
    assert parameters["AsynchronousUri"] == "s3://sagemaker-churn-p-1-123456789012/asynchronous/prod"
    assert parameters["NotificationsTopicArn"].endswith(":sagemaker-churn-p-1-prod-predictions")


def test_a_batch_stage_has_its_own_pipeline_prefix_and_roles(build_settings: BuildSettings) -> None:
    parameters = render_stage(build_settings, "prod", config(**BATCH), MODEL)["Parameters"]
    assert parameters["BatchPipelineName"] == "sagemaker-churn-p-1-batch-prod"
    assert parameters["BatchUri"] == "s3://sagemaker-churn-p-1-123456789012/batch/prod"
    assert parameters["BatchSchedule"] == "rate(2 hours)"
    assert parameters["ScheduleRoleArn"].endswith("-schedule")
    unscheduled = config(**BATCH | {"batch": {}})
    assert render_stage(build_settings, "prod", unscheduled, MODEL)["Parameters"]["BatchSchedule"] == "none"


def test_a_batch_stage_without_its_roles_is_refused(build_settings: BuildSettings) -> None:
    settings = build_settings.model_copy(update={"prod_batch_role_arn": ""})
    with pytest.raises(UserError, match=r"mode batch of config/prod\.yaml needs roles"):
        render_stage(settings, "prod", config(**BATCH), MODEL)


def in_service(sagemaker: Stubber, config: dict[str, Any]) -> None:
    moment = {"CreationTime": 0, "LastModifiedTime": 0}
    described = {
        "EndpointName": ENDPOINT,
        "EndpointArn": f"arn:aws:sagemaker:eu-west-1:123456789012:{ENDPOINT}",
    }
    sagemaker.add_response(
        "describe_endpoint",
        {**described, **moment, "EndpointStatus": "InService", "EndpointConfigName": "c"},
        {"EndpointName": ENDPOINT},
    )
    variant = {"VariantName": "AllTraffic", "ModelName": "m", **config.pop("variant", {})}
    sagemaker.add_response(
        "describe_endpoint_config",
        {
            "EndpointConfigName": "c",
            "EndpointConfigArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/c",
            "CreationTime": 0,
            "ProductionVariants": [variant],
            **config,
        },
        {"EndpointConfigName": "c"},
    )


@pytest.mark.parametrize(
    ("described", "mode"),
    [
        ({}, "real-time"),
        ({"variant": {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}}, "serverless"),
        ({"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}}, "asynchronous"),
    ],
)
def test_the_mode_of_an_endpoint_is_read_from_its_config(
    sagemaker: Stubber, described: dict[str, Any], mode: str
) -> None:
    in_service(sagemaker, dict(described))
    assert mode_in_service(sagemaker.client, ENDPOINT, PIPELINE) == mode


def test_a_living_stage_keeps_its_mode_and_the_refusal_says_what_to_do(sagemaker: Stubber) -> None:
    in_service(sagemaker, {})
    with pytest.raises(
        UserError, match="is real-time, and an update cannot make it serverless: delete the stack s "
    ):
        refuse_change_of_mode(sagemaker.client, ENDPOINT, PIPELINE, "serverless", "s")


def test_a_living_stage_of_the_same_mode_is_updated(sagemaker: Stubber) -> None:
    in_service(sagemaker, {})
    refuse_change_of_mode(sagemaker.client, ENDPOINT, PIPELINE, "real-time", "s")


def test_a_living_stage_of_one_model_becomes_one_of_several_by_an_update(sagemaker: Stubber) -> None:
    in_service(sagemaker, {})
    refuse_change_of_mode(sagemaker.client, ENDPOINT, PIPELINE, "multi-model", "s")


def test_a_living_serverless_stage_becomes_none_of_several_models(sagemaker: Stubber) -> None:
    in_service(sagemaker, {"variant": {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}})
    with pytest.raises(UserError, match="is serverless, and an update cannot make it multi-model"):
        refuse_change_of_mode(sagemaker.client, ENDPOINT, PIPELINE, "multi-model", "s")


def test_a_stage_that_is_not_there_may_have_any_mode(sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
    sagemaker.add_client_error("describe_pipeline", "ResourceNotFound", "does not exist")
    refuse_change_of_mode(sagemaker.client, ENDPOINT, PIPELINE, "asynchronous", "s")


def test_a_stage_that_is_a_pipeline_is_in_mode_batch(sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
    sagemaker.add_response("describe_pipeline", {"PipelineName": PIPELINE}, {"PipelineName": PIPELINE})
    assert mode_in_service(sagemaker.client, ENDPOINT, PIPELINE) == "batch"


def test_an_endpoint_that_may_not_be_seen_is_not_taken_for_none(sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_endpoint", "AccessDeniedException", "no")
    with pytest.raises(ClientError):
        mode_in_service(sagemaker.client, ENDPOINT, PIPELINE)
