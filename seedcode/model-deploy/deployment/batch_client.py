"""Runs the pipeline of a stage in mode batch as an application would: requests and answers are files in S3."""

from __future__ import annotations

import json
import time
from typing import Any

from deployment.deployment_errors import UserError

_PAUSE_SECONDS = 2.0
_RUNNING = frozenset({"Executing", "Stopping"})


class BatchClient:
    """A client of one stage's pipeline.

    Parameters
    ----------
    sagemaker, s3
        boto3 clients.
    pipeline_name
        The pipeline.
    """

    def __init__(self, sagemaker: Any, s3: Any, pipeline_name: str) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._pipeline_name = pipeline_name

    def predict(self, body: bytes, media_type: str, folder_uri: str, seconds: float) -> bytes:
        """Return the answer to a request, which is put below a folder of its own.

        Raises
        ------
        UserError
            The pipeline failed; the message is the step's reason.
        TimeoutError
            It has not ended after so many seconds.
        """
        bucket, folder = _split(folder_uri)
        self._s3.put_object(Bucket=bucket, Key=f"{folder}/input/records", Body=body, ContentType=media_type)
        parameters = {"InputUri": f"{folder_uri}/input/", "OutputUri": f"{folder_uri}/output"}
        execution = self._sagemaker.start_pipeline_execution(
            PipelineName=self._pipeline_name,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
        )["PipelineExecutionArn"]
        self._wait(execution, seconds)
        key = f"{folder}/output/{execution.rpartition('/')[2]}/records.out"
        return bytes(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def model_name(self) -> str:
        """Return the model that the pipeline asks."""
        described = self._sagemaker.describe_pipeline(PipelineName=self._pipeline_name)
        (step,) = json.loads(described["PipelineDefinition"])["Steps"]
        return str(step["Arguments"]["ModelName"])

    def _wait(self, execution: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            described = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
            status = described["PipelineExecutionStatus"]
            if status == "Succeeded":
                return
            if status not in _RUNNING:
                raise UserError(f"{execution} has {status.lower()}: {self._reason(execution)}")
            time.sleep(_PAUSE_SECONDS)
        raise TimeoutError(f"{execution} has not ended after {seconds:g} seconds")

    def _reason(self, execution: str) -> str:
        steps = self._sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)
        reasons = [step.get("FailureReason", "") for step in steps["PipelineExecutionSteps"]]
        return "; ".join(filter(None, reasons)) or "no step says why"


def _split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
