"""The train build's program: writes the SageMaker pipeline, runs it on the project's data and waits for its end."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from churn.data_source import locate_data
from churn.errors import BuildError, PlatformError
from churn.execution import Execution
from churn.pipeline import build_pipeline, open_session, tags
from churn.settings import BuildSettings, ModelConfiguration, read_build_settings
from churn.step_code import EVALUATE, PREPROCESS


def main() -> int:
    """Run the build; returns the exit code."""
    # The SDK makes every library's small talk visible; this program says itself what happens.
    logging.disable(logging.WARNING)
    try:
        settings = read_build_settings()
        _run(settings, boto3.Session(region_name=settings.aws_region))
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _run(settings: BuildSettings, session: Any) -> None:
    try:
        execution = _start(settings, session)
        _tell(f"execution {execution.arn}")
        _tell(f"to see it in Studio: {_studio_link(settings)} > Pipelines > {settings.pipeline_name}")
        package = execution.wait()
    except (BotoCoreError, ClientError) as error:
        raise PlatformError(f"AWS refuses or cannot be reached: {error}") from error
    _tell(f"registered {package}, pending your approval in the model registry")


def _start(settings: BuildSettings, session: Any) -> Execution:
    s3 = session.client("s3")
    data = locate_data(s3, settings.data_location, settings.project_bucket, settings.kms_key_arn)
    _tell(f"data {data.uri}, SHA-256 {data.sha256}")
    code = {
        step.module: step.upload(s3, settings.project_bucket, settings.kms_key_arn)
        for step in (PREPROCESS, EVALUATE)
    }
    pipeline = build_pipeline(
        settings, ModelConfiguration.read(), open_session(session, settings.project_bucket), code
    )
    pipeline.upsert(role_arn=settings.pipeline_role_arn, tags=tags(settings))
    return Execution.start(
        session.client("sagemaker"),
        pipeline=settings.pipeline_name,
        display_name=f"commit-{settings.commit_id[:8]}-{int(time.time())}",
        parameters={"InputData": data.uri, "DataHash": data.sha256, "CommitId": settings.commit_id},
        tell=_tell,
    )


def _studio_link(settings: BuildSettings) -> str:
    return f"https://{settings.aws_region}.console.aws.amazon.com/sagemaker/home?region={settings.aws_region}#/studio"


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
