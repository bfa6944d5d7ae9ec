"""How far a step has come, what it needs of its execution, and how it fails: shared by all kinds of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from localaws.runtime import runtime
from localaws.services.sagemaker.expressions import Scope
from localaws.services.sagemaker.resources import LOCK, Region


@dataclass
class StepState:
    """How far a step has come in one execution.

    Attributes
    ----------
    properties
        What other steps may refer to, once it has succeeded.
    outcome
        Of a condition.
    stop
        Ends what the step waits for, as long as there is something.
    cached_from
        ARN of the execution whose result was taken, because it was equal.
    reused_from
        ARN of the execution whose result was taken, because this step was not selected to run.
    """

    status: str = "Starting"
    started: datetime | None = None
    ended: datetime | None = None
    attempts: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    outcome: bool | None = None
    cached_from: str = ""
    reused_from: str = ""
    stop: Callable[[], None] | None = None

    def stop_by(self, stop: Callable[[], None]) -> None:
        """Say how to end what the step waits for; it ends at once where a stop has been asked for."""
        with LOCK:
            self.stop = stop
            stopping = self.status == "Stopping"
        if stopping:
            stop()


class StepFailed(Exception):
    """The step ends as Failed.

    Parameters
    ----------
    reason
        Becomes its FailureReason.
    kind
        What retry policies call it; empty when none covers it.
    """

    def __init__(self, reason: str, kind: str = "") -> None:
        super().__init__(reason)
        self.kind = kind


class StepStopped(Exception):
    """The step was stopped with its execution."""


@dataclass(frozen=True)
class StepContext:
    """What a step needs of its execution."""

    region: Region
    role: str
    execution_id: str
    execution_arn: str
    scope: Scope

    def client(self, service: str) -> Any:
        """Return a client that acts as the pipeline's role."""
        return runtime().client(service, self.region.name, self.role)

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Call SageMaker as the pipeline's role; a refusal fails the step."""
        try:
            return _called(self.client("sagemaker"), operation, request)
        except (ClientError, BotoCoreError) as error:
            raise StepFailed(
                f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {_said(error)}",
                _kind(error),
            ) from error

    def look(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return what SageMaker itself knows of what the step has made."""
        return _called(
            runtime().client("sagemaker", self.region.name, account=self.region.account), operation, request
        )


def output_parameters(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the outputs of a Lambda or Callback step as its Metadata shows them."""
    return [{"Name": name, "Value": str(value)} for name, value in values.items()]


def _called(client: Any, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = getattr(client, xform_name(operation))(**request)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _said(error: Exception) -> str:
    return str(error.response["Error"]["Message"]) if isinstance(error, ClientError) else str(error)


def _kind(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return ""
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "ResourceLimitExceeded":
        return "SageMaker.RESOURCE_LIMIT"
    if "Throttl" in code:
        return "Step.THROTTLING"
    return "Step.SERVICE_FAULT" if status >= 500 else ""
