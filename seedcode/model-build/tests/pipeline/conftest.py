"""A build's environment as CodeBuild would pass it, and repositories with configurations in them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from mlpipelines.configuration import Configuration, find_files, read_configuration
from mlpipelines.plan import PipelinePlan
from mlpipelines.planning import Surroundings, plan_all
from mlpipelines.project_settings import ProjectSettings, build_settings
from mlpipelines.step_code import ContentStaging

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

Planned: TypeAlias = dict[str, PipelinePlan]


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


class Repository:
    """A folder with files, read and planned as one would."""

    def __init__(self, root: Path, settings: ProjectSettings) -> None:
        self.root = root
        self.settings = settings
        self.staging = ContentStaging(root, settings.project_bucket)

    def write(self, files: Mapping[str, str]) -> Repository:
        """Write files by path; what is indented stays so relative to its first line."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def read(self, **variables: str) -> Configuration:
        """Read all configuration files, with problems and all."""
        return read_configuration(self.root, find_files(self.root), self.settings.variables() | variables)

    def plan(self, **variables: str) -> Planned:
        """Return the plans; raise what is wrong."""
        configuration = self.read(**variables)
        plans = {}
        if not configuration.problems:
            plans = plan_all(
                configuration, Surroundings(self.settings, self.staging, lambda f: f"image-of-{f}")
            )
        configuration.raise_problems()
        return plans

    def problems(self, **variables: str) -> list[str]:
        """Return what is wrong, as people see it."""
        configuration = self.read(**variables)
        if not configuration.problems:
            plan_all(configuration, Surroundings(self.settings, self.staging, str))
        return [str(problem) for problem in sorted(set(configuration.problems))]


@pytest.fixture
def repository(tmp_path: Path, settings: ProjectSettings) -> Repository:
    return Repository(tmp_path, settings)


@pytest.fixture(scope="session")
def churn(settings: ProjectSettings) -> Callable[..., PipelinePlan]:
    """Return what plans this repository's own pipeline."""

    def plan(**changes: Any) -> PipelinePlan:
        return Repository(REPOSITORY, settings.model_copy(update=changes)).plan()["churn"]

    return plan
