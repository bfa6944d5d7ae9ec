"""A build's environment as CodeBuild would pass it, and repositories with configurations in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from configured_repository import Repository

from mlpipelines.plan import PipelinePlan
from mlpipelines.project_settings import ProjectSettings, build_settings

ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "IMAGE_URI": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/model@sha256:{'a' * 64}",
    "COMMIT_ID": "0123456789abcdef0123456789abcdef01234567",
    "PROJECT_NAME": "churn",
    "PROJECT_ID": "p-1",
    "PIPELINE_PREFIX": "sagemaker-churn-p-1",
    "GROUP_PREFIX": "sagemaker-churn-p-1",
    "MODEL_PACKAGE_GROUP": "sagemaker-churn-p-1",
    "PIPELINE_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker-churn-p-1-training",
    "PROJECT_BUCKET": "sagemaker-churn-p-1-123456789012",
    "KMS_KEY_ARN": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
}
REPOSITORY = Path(__file__).parents[2]
# The SDK makes clients while it is imported, before any fixture runs.
os.environ.setdefault("AWS_DEFAULT_REGION", ENVIRONMENT["AWS_DEFAULT_REGION"])


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "DATA_LOCATION", "SMP_MODEL_CONFIGPATH"):
            patch.delenv(name, raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def settings(environment: None) -> ProjectSettings:
    return build_settings()


@pytest.fixture
def repository(tmp_path: Path, settings: ProjectSettings) -> Repository:
    return Repository(tmp_path, settings)


@pytest.fixture(scope="session")
def churn(settings: ProjectSettings) -> Callable[..., PipelinePlan]:
    """Return what plans this repository's own pipeline."""

    def plan(**changes: Any) -> PipelinePlan:
        return Repository(REPOSITORY, settings.model_copy(update=changes)).plan()["churn"]

    return plan
