"""What the pipeline tells a build that tests a stage, by environment variables; tests and report read it."""

from __future__ import annotations

from pydantic_settings import BaseSettings


class StageSettings(BaseSettings):
    """One deployed stage; each attribute is the environment variable of the same name.

    Attributes
    ----------
    batch_pipeline_name
        The SageMaker pipeline of a stage in mode batch.
    codebuild_build_id
        ``project:uuid`` of the build, set by CodeBuild.
    codebuild_resolved_source_version
        Commit that the build runs, set by CodeBuild.
    test_role_arn
        Role that looks at a stage in another account; empty for a stage in the build's own.
    """

    stage: str
    api_url: str
    endpoint_name: str
    function_name: str
    model_package_arn: str
    project_bucket: str
    kms_key_arn: str
    aws_region: str
    batch_pipeline_name: str = ""
    codebuild_build_id: str
    codebuild_resolved_source_version: str = ""
    test_role_arn: str = ""

    @property
    def report_prefix(self) -> str:
        """Folder of this build's results in the project's bucket."""
        return f"deployments/{self.stage}/{self.codebuild_build_id.rpartition(':')[2]}"

    @property
    def batch_uri(self) -> str:
        """Where a stage in mode batch finds requests and puts answers."""
        return f"s3://{self.project_bucket}/batch/{self.stage}"

    @property
    def asynchronous_uri(self) -> str:
        """Where requests to an asynchronous endpoint and what comes of them lie."""
        return f"s3://{self.project_bucket}/asynchronous/{self.stage}"
