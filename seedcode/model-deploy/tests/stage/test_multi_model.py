"""The endpoint serves several versions: each scores its own test records, when a caller names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from deployment.api_client import ApiClient
from deployment.golden_records import GoldenRecord, fetch_golden_records, golden_difference
from deployment.stage_config import StageConfig
from deployment.stage_settings import StageSettings

RECORDS = 10
NO_VERSION = "0"


@pytest.fixture(scope="module")
def versions(api: ApiClient, golden: list[GoldenRecord]) -> list[str]:
    """What the stage serves, as it tells who asks for something else."""
    answer = api.post(golden[0].record, NO_VERSION)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "unknown_model"
    return [each["model"] for each in error["details"]]


@pytest.mark.smoke
def test_the_endpoint_is_in_service_with_a_container_of_several_models(
    settings: StageSettings, endpoint: Mapping[str, Any], container: Mapping[str, Any]
) -> None:
    assert endpoint["EndpointStatus"] == "InService"
    assert container["Mode"] == "MultiModel"
    assert container["ModelDataUrl"] == f"s3://{settings.project_bucket}/training/"


@pytest.mark.smoke
def test_the_version_of_this_run_answers_who_names_none(
    settings: StageSettings, api: ApiClient, golden: list[GoldenRecord], versions: list[str]
) -> None:
    answer = api.post(golden[0].record)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-model"] == versions[0] == settings.model_package_arn.rpartition("/")[2]


@pytest.mark.smoke
def test_each_version_scores_its_own_golden_records_as_in_its_evaluation(
    settings: StageSettings, api: ApiClient, config: StageConfig, versions: list[str]
) -> None:
    group = settings.model_package_arn.rpartition("/")[0]
    for version in versions:
        arn = f"{group}/{version}"
        own = fetch_golden_records(boto3.client("sagemaker"), boto3.client("s3"), arn)[:RECORDS]
        answer = api.post([item.record for item in own], version)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-model"] == version
        difference = golden_difference(answer.json()["predictions"], own)
        assert difference <= config.tests.score_tolerance, f"version {version}"


@pytest.mark.parametrize("name", ["model.tar.gz", "../model.tar.gz", "*"])
def test_what_is_no_version_is_refused(api: ApiClient, golden: list[GoldenRecord], name: str) -> None:
    answer = api.post(golden[0].record, name)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_model")
