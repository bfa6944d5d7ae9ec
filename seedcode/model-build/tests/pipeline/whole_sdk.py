"""A program that imports the SDK as it is; prints its images, its own steps for two jobs, and compiled pipelines.

Usage: whole_sdk.py PIPELINE ... < jobs.json, in a repository; the jobs are those of a check and of a flow.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from typing import Any


def images() -> dict[str, str]:
    """Return the URIs of AWS's own images, by name and region."""
    from sagemaker.core import image_uris

    regions = ("eu-west-1", "cn-north-1")
    names = (("clarify", None), ("model-monitor", None), ("data-wrangler", "3.x"))
    return {
        " ".join(filter(None, (name, region, version))): image_uris.retrieve(name, region, version)
        for name, version in names
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


def flow(job: Any) -> Any:
    """Return the SDK's own step for the job of a flow."""
    from sagemaker.core.network import NetworkConfig
    from sagemaker.core.processing import Processor
    from sagemaker.core.shapes import (
        ProcessingInput,
        ProcessingOutput,
        ProcessingS3Input,
        ProcessingS3Output,
    )
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.mlops.workflow.steps import ProcessingStep

    cluster = job["ProcessingResources"]["ClusterConfig"]
    processor = Processor(
        job["RoleArn"],
        job["AppSpecification"]["ImageUri"],
        cluster["InstanceCount"],
        cluster["InstanceType"],
        volume_size_in_gb=cluster["VolumeSizeInGB"],
        volume_kms_key=cluster["VolumeKmsKeyId"],
        output_kms_key=job["ProcessingOutputConfig"]["KmsKeyId"],
        max_runtime_in_seconds=job["StoppingCondition"]["MaxRuntimeInSeconds"],
        sagemaker_session=PipelineSession(),
        tags=job["Tags"],
        network_config=NetworkConfig(job["NetworkConfig"]["EnableNetworkIsolation"]),
    )
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    arguments = processor.run(
        inputs=[
            ProcessingInput(
                input_name=each["InputName"], s3_input=ProcessingS3Input(**snake(each["S3Input"]))
            )
            for each in job["ProcessingInputs"]
        ],
        outputs=[
            ProcessingOutput(
                output_name=output["OutputName"], s3_output=ProcessingS3Output(**snake(output["S3Output"]))
            )
        ],
        arguments=job["AppSpecification"]["ContainerArguments"],
    )
    return ProcessingStep("wrangle", arguments).to_request()


def snake(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request's members as the SDK calls them."""
    return {re.sub(r"(?<!^)(?=[A-Z](?![0-9]))", "_", name).lower(): value for name, value in request.items()}


def definition(name: str) -> str:
    """Return the definition of a pipeline, made with all of the SDK."""
    from mlpipelines.command_line import main

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main(["show", name, "--format", "json"])
    return printed.getvalue()


if __name__ == "__main__":
    jobs = json.load(sys.stdin)
    answer = {"images": images(), "check": check(jobs["check"]), "flow": flow(jobs["flow"])}
    print(json.dumps(answer | {"definitions": {name: definition(name) for name in sys.argv[1:]}}))
