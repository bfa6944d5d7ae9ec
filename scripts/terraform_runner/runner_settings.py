"""The runner's settings: the build's environment comes in, one typed object goes out to every other module."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGES = "vendor/packages"
"""Where `mlproject publish --vendor` puts Python packages in the artifact bucket, each below its own name."""


class RunnerSettings(BaseSettings):
    """What CodeBuild tells the runner (contract "Runner")."""

    model_config = SettingsConfigDict(frozen=True)

    request_key: str
    artifact_bucket: str
    state_bucket: str
    kms_key_arn: str
    permissions_boundary_arn: str
    terraform_source: Literal["internet", "bucket"] = "internet"
    base_image_repository: str = ""
    """URI of the images that others begin with; empty where they come from the internet."""
    vpc_id: str = ""
    subnet_ids: str = ""
    security_group_ids: str = ""
    staging_role_arn: str = ""
    """The platform's role in the account of staging; empty where new projects have staging in this account."""
    production_role_arn: str = ""
    aws_region: str
    codebuild_build_id: str
    """Set by CodeBuild itself: ``<project>:<uuid>``."""
    codebuild_src_dir: Path = Path()
    """Set by CodeBuild itself: the folder the runner's archive was unpacked to."""

    @classmethod
    def from_environment(cls) -> RunnerSettings:
        """Read the build's environment."""
        return cls()  # type: ignore[call-arg]  # pydantic-settings takes the fields from the environment

    def platform_variables(self) -> dict[str, Any]:
        """Return the variables of the stack that are the platform's, and not the lead's, to say."""
        network = {
            "vpc_id": self.vpc_id,
            "subnet_ids": self.subnet_ids.split(","),
            "security_group_ids": self.security_group_ids.split(","),
        }
        vendored = {
            "packages_uri": f"s3://{self.artifact_bucket}/{PACKAGES}",
            "base_image_repository": self.base_image_repository,
        }
        return {
            "permissions_boundary_arn": self.permissions_boundary_arn,
            "kms_key_arn": self.kms_key_arn,
            "network": network if self.vpc_id else None,
            "vendored": vendored if self.base_image_repository else None,
        }

    def stage_roles(self) -> dict[str, str]:
        """Return the roles in the accounts of a new project's stages, by the stack's variable."""
        roles = {"staging_role_arn": self.staging_role_arn, "production_role_arn": self.production_role_arn}
        return {name: arn for name, arn in roles.items() if arn}

    @property
    def work_dir(self) -> Path:
        """Where the bundle is unpacked and Terraform works."""
        return self.codebuild_src_dir.resolve() / "work"


def configure_terraform(**variables: str) -> None:
    """Give Terraform, which inherits this process's environment, some variables more."""
    os.environ.update(variables)


def inherited_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment with some variables more, for a program that it starts."""
    return os.environ | variables
