"""What the pipeline's Build action tells the build, by environment variables; `render` makes stages of it."""

from __future__ import annotations

from typing import Literal

from pydantic_settings import BaseSettings

Stage = Literal["staging", "prod"]
STAGES: tuple[Stage, ...] = ("staging", "prod")


class ModelSettings(BaseSettings):
    """Which model is asked for.

    Attributes
    ----------
    model_package_arn
        The package that the approval named; ``none`` (or empty): the newest approved one.
    model_package_group
        Group that the package must be in.
    """

    model_package_arn: str = "none"
    model_package_group: str


class BuildSettings(BaseSettings):
    """What both stages are made of; each attribute is the environment variable of the same name.

    Stages of the project's own account share roles, API and key; those of a stage in another account are said apart,
    with the role that looks at the stage there.
    """

    model_package_arn: str
    model_package_group: str
    project_name: str
    project_id: str
    project_bucket: str
    kms_key_arn: str
    model_role_arn: str = ""
    api_role_arn: str = ""
    rest_api_id: str = ""
    api_image_uri: str
    staging_endpoint_name: str
    staging_function_name: str
    staging_instance_type: str
    staging_instance_count: int
    staging_notifications_topic_arn: str
    staging_test_role_arn: str = ""
    staging_model_role_arn: str = ""
    staging_api_role_arn: str = ""
    staging_rest_api_id: str = ""
    staging_kms_key_arn: str = ""
    staging_batch_role_arn: str = ""
    staging_schedule_role_arn: str = ""
    prod_endpoint_name: str
    prod_function_name: str
    prod_instance_type: str
    prod_instance_count: int
    prod_notifications_topic_arn: str
    prod_test_role_arn: str = ""
    prod_model_role_arn: str = ""
    prod_api_role_arn: str = ""
    prod_rest_api_id: str = ""
    prod_kms_key_arn: str = ""
    prod_batch_role_arn: str = ""
    prod_schedule_role_arn: str = ""

    def of_stage(self, stage: Stage, name: str) -> str:
        """Return a stage's own ``name``, where it has one, else what stages of this account share."""
        return str(getattr(self, f"{stage}_{name}") or getattr(self, name))

    def batch_roles(self, stage: Stage) -> tuple[str, str]:
        """Return the roles of the stage's pipeline and of its schedule; empty where it can have none."""
        return getattr(self, f"{stage}_batch_role_arn"), getattr(self, f"{stage}_schedule_role_arn")
