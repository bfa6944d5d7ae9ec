"""The runner's settings: the build's environment comes in, one typed object goes out to every other module."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class RunnerSettings(BaseSettings):
    """What CodeBuild tells the runner (contract "Runner")."""

    model_config = SettingsConfigDict(frozen=True)

    request_key: str
    artifact_bucket: str
    state_bucket: str
    kms_key_arn: str
    permissions_boundary_arn: str
    terraform_source: Literal["internet", "bucket"] = "internet"
    aws_region: str
    codebuild_build_id: str
    """Set by CodeBuild itself: ``<project>:<uuid>``."""
    codebuild_src_dir: Path = Path()
    """Set by CodeBuild itself: the folder the runner's archive was unpacked to."""

    @classmethod
    def from_environment(cls) -> RunnerSettings:
        """Read the build's environment."""
        return cls()  # type: ignore[call-arg]  # pydantic-settings takes the fields from the environment

    @property
    def work_dir(self) -> Path:
        """Where the bundle is unpacked and Terraform works."""
        return self.codebuild_src_dir.resolve() / "work"


def configure_terraform(**variables: str) -> None:
    """Give Terraform, which inherits this process's environment, some variables more."""
    os.environ.update(variables)
