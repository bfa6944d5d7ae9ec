"""What the tests of a deployed stage share: its settings, how it is called, and the golden records of its model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from deployment.api_client import ApiClient
from deployment.asynchronous_client import AsynchronousClient
from deployment.golden_records import GoldenRecord, fetch_golden_records
from deployment.model_interface import model_interface
from deployment.record_schema import read_record_schema
from deployment.stage_config import StageConfig, read_stage_config
from deployment.stage_session import stage_session
from deployment.stage_settings import StageSettings
from inference_api.model_formats import ModelFormat, choose_format
from inference_api.record_columns import sent_columns

# A permission or a route that was just made reaches every part of API Gateway within seconds.
_READY_WITHIN_SECONDS = 60

_OF_THE_API = {"test_health.py", "test_predictions.py", "test_refusals.py"}
_OF_MODES = {
    "asynchronous": {"test_health.py", "test_asynchronous.py"},
    "batch": {"test_batch.py"},
    "multi-model": {"test_multi_model.py", "test_predictions.py", "test_refusals.py"},
}


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the tests of what this stage has not: a test that is skipped would look like one that failed."""
    meant = _OF_MODES.get(read_stage_config(StageSettings().stage).mode, _OF_THE_API)
    name = collection_path.name
    return True if name.startswith("test_") and name.endswith(".py") and name not in meant else None


@pytest.fixture(scope="session")
def settings() -> StageSettings:
    return StageSettings()


@pytest.fixture(scope="session")
def stage_account(settings: StageSettings) -> boto3.Session:
    return stage_session(settings.test_role_arn, settings.stage)


@pytest.fixture(scope="session")
def endpoint(settings: StageSettings, stage_account: boto3.Session) -> Mapping[str, Any]:
    """The stage's endpoint, as SageMaker describes it."""
    return stage_account.client("sagemaker").describe_endpoint(EndpointName=settings.endpoint_name)


@pytest.fixture(scope="session")
def container(endpoint: Mapping[str, Any], stage_account: boto3.Session) -> Mapping[str, Any]:
    """What the endpoint's model says of its container."""
    sagemaker = stage_account.client("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    return model.get("PrimaryContainer") or model["Containers"][0]


@pytest.fixture(scope="session")
def config(settings: StageSettings) -> StageConfig:
    return read_stage_config(settings.stage)


@pytest.fixture(scope="session")
def golden(settings: StageSettings) -> list[GoldenRecord]:
    return fetch_golden_records(boto3.client("sagemaker"), boto3.client("s3"), settings.model_package_arn)


@pytest.fixture(scope="session")
def api(settings: StageSettings, stage_account: boto3.Session, golden: list[GoldenRecord]) -> ApiClient:
    client = ApiClient(settings.api_url, settings.aws_region, stage_account)
    client.use_api_key_if_asked()
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while client.post(golden[0].record).status_code >= 500 and time.monotonic() < deadline:
        time.sleep(2)
    return client


@pytest.fixture(scope="session")
def spoken(settings: StageSettings) -> ModelFormat:
    """What the endpoint itself takes and answers, for callers without the API."""
    schema = read_record_schema()
    package = boto3.client("sagemaker").describe_model_package(ModelPackageName=settings.model_package_arn)
    interface = model_interface(package, schema)
    return choose_format(interface.media_type, sent_columns(schema), interface.answer_columns)


@pytest.fixture(scope="session")
def queue(settings: StageSettings, stage_account: boto3.Session) -> AsynchronousClient:
    return AsynchronousClient(
        stage_account.client("sagemaker-runtime"),
        boto3.client("s3"),
        settings.endpoint_name,
        f"{settings.asynchronous_uri}/input/tests",
    )
