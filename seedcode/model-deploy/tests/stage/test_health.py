"""The stage serves the model package that this run is about."""

from __future__ import annotations

import boto3
import pytest

from deployment.stage_config import StageConfig
from deployment.stage_in_service import mode_in_service
from deployment.stage_settings import StageSettings


@pytest.mark.smoke
def test_the_endpoint_is_in_service_with_this_model_package(
    settings: StageSettings, stage_account: boto3.Session
) -> None:
    sagemaker = stage_account.client("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=settings.endpoint_name)
    assert endpoint["EndpointStatus"] == "InService"
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    container = model.get("PrimaryContainer") or model["Containers"][0]
    assert container["ModelPackageName"] == settings.model_package_arn


@pytest.mark.smoke
def test_the_endpoint_answers_in_the_configured_mode(
    settings: StageSettings, stage_account: boto3.Session, config: StageConfig
) -> None:
    sagemaker = stage_account.client("sagemaker")
    assert mode_in_service(sagemaker, settings.endpoint_name, settings.batch_pipeline_name) == config.mode
