"""The stage serves the model package that this run is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from deployment.stage_config import StageConfig
from deployment.stage_in_service import mode_in_service
from deployment.stage_settings import StageSettings


@pytest.mark.smoke
def test_the_endpoint_is_in_service_with_this_model_package(
    settings: StageSettings, endpoint: Mapping[str, Any], container: Mapping[str, Any]
) -> None:
    assert endpoint["EndpointStatus"] == "InService"
    assert container["ModelPackageName"] == settings.model_package_arn


@pytest.mark.smoke
def test_the_endpoint_answers_in_the_configured_mode(
    settings: StageSettings, stage_account: boto3.Session, config: StageConfig
) -> None:
    sagemaker = stage_account.client("sagemaker")
    assert mode_in_service(sagemaker, settings.endpoint_name, settings.batch_pipeline_name) == config.mode
