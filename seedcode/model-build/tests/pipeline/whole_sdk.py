"""A program that imports the SDK as it is; prints its images, its own step for a check, and compiled pipelines.

Usage: whole_sdk.py PIPELINE ... < job-of-the-check.json, in a repository.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any


def images() -> dict[str, str]:
    """Return the URIs of AWS's own images, by name and region."""
    from sagemaker.core import image_uris

    regions = ("eu-west-1", "cn-north-1")
    return {
        f"{name} {region}": image_uris.retrieve(name, region)
        for name in ("clarify", "model-monitor")
        for region in regions
    }


def check(job: Any) -> Any:
    """Return the SDK's own step for the job of a check of data."""
    from sagemaker.core.model_monitor import DatasetFormat
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.mlops.workflow.check_job_config import CheckJobConfig
    from sagemaker.mlops.workflow.quality_check_step import DataQualityCheckConfig, QualityCheckStep

    (given,) = job["ProcessingInputs"]
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    step = QualityCheckStep(
        "data-quality",
        DataQualityCheckConfig(
            given["S3Input"]["S3Uri"], DatasetFormat.csv(), output_s3_uri=output["S3Output"]["S3Uri"]
        ),
        CheckJobConfig(
            job["RoleArn"],
            max_runtime_in_seconds=job["StoppingCondition"]["MaxRuntimeInSeconds"],
            volume_kms_key=job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"],
            output_kms_key=job["ProcessingOutputConfig"]["KmsKeyId"],
            tags=job["Tags"],
            sagemaker_session=PipelineSession(),
        ),
    )
    return step.to_request()


def definition(name: str) -> str:
    """Return the definition of a pipeline, made with all of the SDK."""
    from mlpipelines.command_line import main

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main(["show", name, "--format", "json"])
    return printed.getvalue()


if __name__ == "__main__":
    answer = {"images": images(), "check": check(json.load(sys.stdin))}
    print(json.dumps(answer | {"definitions": {name: definition(name) for name in sys.argv[1:]}}))
