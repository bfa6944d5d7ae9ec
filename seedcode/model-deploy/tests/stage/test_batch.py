"""The stage's pipeline asks this run's model, and scores its own test records as the evaluation did, in time."""

from __future__ import annotations

import time
from collections.abc import Callable

import boto3
import pytest

from deployment.batch_client import BatchClient
from deployment.golden_records import GoldenRecord, golden_difference
from deployment.stage_config import StageConfig
from deployment.stage_settings import StageSettings
from inference_api.model_formats import ModelFormat

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def batch(settings: StageSettings) -> BatchClient:
    return BatchClient(boto3.client("sagemaker"), boto3.client("s3"), settings.batch_pipeline_name)


@pytest.mark.smoke
def test_the_pipeline_asks_this_model_package(settings: StageSettings, batch: BatchClient) -> None:
    model = boto3.client("sagemaker").describe_model(ModelName=batch.model_name())
    container = model.get("PrimaryContainer") or model["Containers"][0]
    assert container["ModelPackageName"] == settings.model_package_arn


# Also in production: a run starts instances of its own, and nothing else shows that it can.
@pytest.mark.smoke
def test_golden_records_score_as_in_the_evaluation_and_in_time(
    settings: StageSettings,
    batch: BatchClient,
    spoken: ModelFormat,
    golden: list[GoldenRecord],
    config: StageConfig,
    record_testsuite_property: Record,
) -> None:
    started = time.perf_counter()
    answer = batch.predict(
        spoken.encode([item.record for item in golden]),
        spoken.media_type,
        f"{settings.batch_uri}/tests/{settings.codebuild_build_id.rpartition(':')[2]}",
        config.tests.latency_p95_seconds,
    )
    record_testsuite_property("run_seconds", time.perf_counter() - started)
    difference = golden_difference(spoken.decode(answer, len(golden)), golden)
    record_testsuite_property("golden_records", len(golden))
    record_testsuite_property("golden_difference", difference)
    assert difference <= config.tests.score_tolerance
