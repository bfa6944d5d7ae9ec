"""What the unit tests share: stubbed clients, the build's environment, a stage's settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from deployment.build_settings import BuildSettings
from deployment.stage_settings import StageSettings
from tests.unit.stubbed_clients import GROUP, PACKAGE, client


def stubbed(service: str) -> Iterator[Stubber]:
    with Stubber(client(service)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def sagemaker() -> Iterator[Stubber]:
    yield from stubbed("sagemaker")


@pytest.fixture
def apigateway() -> Iterator[Stubber]:
    yield from stubbed("apigateway")


@pytest.fixture
def s3() -> Iterator[Stubber]:
    yield from stubbed("s3")


@pytest.fixture
def build_settings(monkeypatch: pytest.MonkeyPatch) -> BuildSettings:
    # The build that runs these tests has settings of its own.
    for name in BuildSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return BuildSettings(
        model_package_arn=PACKAGE,
        model_package_group=GROUP,
        project_name="churn",
        project_id="p-1",
        project_bucket="sagemaker-churn-p-1-123456789012",
        kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/k",
        model_role_arn="arn:aws:iam::123456789012:role/sagemaker-churn-p-1-model",
        api_role_arn="arn:aws:iam::123456789012:role/sagemaker-churn-p-1-api",
        rest_api_id="a1b2c3d4e5",
        api_image_uri="123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/api@sha256:"
        + "0" * 64,
        staging_endpoint_name="sagemaker-churn-p-1-staging",
        staging_function_name="sagemaker-churn-p-1-staging",
        staging_instance_type="ml.m5.large",
        staging_instance_count=1,
        staging_notifications_topic_arn="arn:aws:sns:eu-west-1:123456789012:sagemaker-churn-p-1-staging-predictions",
        staging_batch_role_arn="arn:aws:iam::123456789012:role/sagemaker-churn-p-1-batch",
        staging_schedule_role_arn="arn:aws:iam::123456789012:role/sagemaker-churn-p-1-schedule",
        prod_batch_role_arn="arn:aws:iam::123456789012:role/sagemaker-churn-p-1-batch",
        prod_schedule_role_arn="arn:aws:iam::123456789012:role/sagemaker-churn-p-1-schedule",
        prod_endpoint_name="sagemaker-churn-p-1-prod",
        prod_function_name="sagemaker-churn-p-1-prod",
        prod_instance_type="ml.m5.xlarge",
        prod_instance_count=2,
        prod_notifications_topic_arn="arn:aws:sns:eu-west-1:123456789012:sagemaker-churn-p-1-prod-predictions",
    )


@pytest.fixture
def stage_settings() -> StageSettings:
    return StageSettings(
        stage="staging",
        api_url="https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/staging/predictions",
        endpoint_name="sagemaker-churn-p-1-staging",
        function_name="sagemaker-churn-p-1-staging",
        model_package_arn=PACKAGE,
        project_bucket="sagemaker-churn-p-1-123456789012",
        kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/k",
        aws_region="eu-west-1",
        codebuild_build_id="sagemaker-churn-p-1-modeldeploy-teststaging:5f2c",
        codebuild_resolved_source_version="c0ffee",
    )
