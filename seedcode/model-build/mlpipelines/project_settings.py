"""The environment in, the project's facts out: what no configuration file says. The one reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlpipelines.pipeline_errors import UserError


class ProjectSettings(BaseModel):
    """A project's facts; a build is given them in environment variables of these names in capitals."""

    model_config = ConfigDict(frozen=True)

    aws_region: str = Field(min_length=1)
    image_uri: str = Field(pattern=r"@sha256:[0-9a-f]{64}$")
    commit_id: str = Field(min_length=1)
    project_name: str = Field(min_length=1)
    project_id: str = Field(min_length=1)
    pipeline_prefix: str = Field(min_length=1)
    model_package_group: str = Field(min_length=1)
    group_prefix: str = Field(min_length=1)
    pipeline_role_arn: str = Field(pattern=r"^arn:")
    project_bucket: str = Field(min_length=1)
    kms_key_arn: str = Field(pattern=r"^arn:")
    # What the metadata of a model package, where the location will stand, can hold.
    data_location: str = Field(default="", max_length=256, pattern=r"^(s3://[a-z0-9.-]+/[\w .:/=+@-]+)?$")
    subnets: str = ""
    security_groups: str = ""

    @property
    def image_repository(self) -> str:
        """The repository of the project's images."""
        return self.image_uri.partition("@")[0]

    @property
    def account_id(self) -> str:
        """The account that the role belongs to."""
        return self.pipeline_role_arn.split(":")[4]

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags by which Studio finds what belongs to a project."""
        return [
            {"Key": "sagemaker:project-name", "Value": self.project_name},
            {"Key": "sagemaker:project-id", "Value": self.project_id},
        ]

    @property
    def vpc(self) -> dict[str, list[str]] | None:
        """The project's network, if it has one."""
        if not self.subnets:
            return None
        return {"Subnets": self.subnets.split(","), "SecurityGroupIds": self.security_groups.split(",")}

    def variables(self) -> dict[str, str]:
        """Return what ``${NAME}`` and ``SMP_NAME`` may refer to: the environment over the project's facts."""
        facts = {name.upper(): value for name, value in self.model_dump().items()}
        sample = {
            "SMP_ACCOUNTID": self.account_id,
            "SMP_REGION": self.aws_region,
            "SMP_S3BUCKETNAME": self.project_bucket,
            "SMP_ROLE": self.pipeline_role_arn,
            "SMP_SUBNETS": self.subnets,
            "SMP_SECURITYGROUPS": self.security_groups,
        }
        return facts | sample | dict(os.environ)


STAND_IN: Mapping[str, Any] = {
    "aws_region": "eu-west-1",
    "image_uri": f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/project/model@sha256:{'0' * 64}",
    "commit_id": "0" * 40,
    "project_name": "project",
    "project_id": "p-000000000000",
    "pipeline_prefix": "sagemaker-project-p-000000000000",
    "model_package_group": "sagemaker-project-p-000000000000",
    "group_prefix": "sagemaker-project-p-000000000000",
    "pipeline_role_arn": "arn:aws:iam::111122223333:role/project-training",
    "project_bucket": "project-bucket",
    "kms_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000",
}
"""A project that does not exist: on a laptop, a configuration is checked and drawn as if it were this one's."""


def build_settings(given: Mapping[str, str] | None = None) -> ProjectSettings:
    """Read the environment, or what is ``given`` in its place; a variable that is missing or wrong is named."""
    # Importing it takes half as long as all of a check, which does without.
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class BuildEnvironment(ProjectSettings, BaseSettings):
        model_config = SettingsConfigDict(frozen=True, extra="ignore")

    try:
        lowered: dict[str, Any] = {name.lower(): value for name, value in (given or {}).items()}
        return BuildEnvironment(**lowered)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()
        )
        raise UserError(f"the build's environment is incomplete: {wrong}") from error


def stand_in_settings() -> ProjectSettings:
    """Return the facts of a project that does not exist."""
    return ProjectSettings(**STAND_IN)


def configured_pattern() -> str:
    """Return the pattern of the files to read: the sample's variable for it, or all."""
    return os.environ.get("SMP_MODEL_CONFIGPATH", "") or "**/conf/conf*.yaml"


def repository_root() -> Path:
    """Return the folder that all paths are relative to: where the program was started."""
    return Path.cwd()


def endpoint_url() -> str:
    """Return where AWS is, if it is said to be elsewhere."""
    return os.environ.get("AWS_ENDPOINT_URL", "")
