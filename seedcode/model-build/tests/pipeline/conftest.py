"""The build's environment, as CodeBuild would pass it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from churn.settings import BuildSettings, read_build_settings

ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    # As in buildspec/train.yml: else the SDK asks IAM.
    "SAGEMAKER_VALIDATE_ROLE": "false",
    "IMAGE_URI": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/model@sha256:{'a' * 64}",
    "COMMIT_ID": "0123456789abcdef0123456789abcdef01234567",
    "PROJECT_NAME": "churn",
    "PROJECT_ID": "p-1",
    "PIPELINE_NAME": "sagemaker-churn-p-1-churn",
    "MODEL_PACKAGE_GROUP": "sagemaker-churn-p-1",
    "PIPELINE_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker-churn-p-1-training",
    "PROJECT_BUCKET": "sagemaker-churn-p-1-123456789012",
    "KMS_KEY_ARN": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
}
# The SDK makes clients while it is imported, before any fixture runs.
os.environ.setdefault("AWS_DEFAULT_REGION", ENVIRONMENT["AWS_DEFAULT_REGION"])


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def settings(environment: None) -> BuildSettings:
    return read_build_settings()
