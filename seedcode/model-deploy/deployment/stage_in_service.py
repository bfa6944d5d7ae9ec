"""Looks at what a stage has already, and refuses to change its mode under its callers; `render` asks."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from deployment.deployment_errors import UserError
from deployment.inference_modes import Mode


def mode_in_service(sagemaker: Any, endpoint_name: str, batch_pipeline_name: str) -> Mode | None:
    """Return the mode of a stage; None when there is none.

    An endpoint of several models is a real-time one to SageMaker and to callers, and is told as such.

    Parameters
    ----------
    sagemaker
        A boto3 client of SageMaker.
    endpoint_name
        The stage's endpoint.
    batch_pipeline_name
        The SageMaker pipeline that it has instead in mode batch; empty where there can be none.
    """
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException":
            return _batch(sagemaker, batch_pipeline_name)
        raise
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    if "AsyncInferenceConfig" in config:
        return "asynchronous"
    return "serverless" if "ServerlessConfig" in config["ProductionVariants"][0] else "real-time"


def _batch(sagemaker: Any, pipeline_name: str) -> Mode | None:
    if not pipeline_name:
        return None
    try:
        sagemaker.describe_pipeline(PipelineName=pipeline_name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFound":
            return None
        raise
    return "batch"


def refuse_change_of_mode(
    sagemaker: Any, endpoint_name: str, batch_pipeline_name: str, mode: Mode, stack_name: str
) -> None:
    """Raise `UserError` when the stage is there in another mode than ``mode``.

    SageMaker cannot make an endpoint with instances serverless by an update, and callers of the one kind get no
    answer from the other: the stage has to go first, on purpose. Between one model and several an update is enough.
    """
    present = mode_in_service(sagemaker, endpoint_name, batch_pipeline_name)
    if present not in (None, "real-time" if mode == "multi-model" else mode):
        raise UserError(
            f"stage {endpoint_name} is {present}, and an update cannot make it {mode}: delete the stack"
            f" {stack_name} and run the pipeline again; until then nothing answers in that stage"
        )
