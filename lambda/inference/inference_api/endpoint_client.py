"""Sends records to the SageMaker endpoint and returns its predictions, or says in an API error why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from inference_api.api_errors import ApiError, PlatformError, UserError
from inference_api.api_settings import ApiSettings
from inference_api.model_formats import ModelFormat, Prediction

# What the container says about the caller's records; any other 4xx is a fault of this function.
_CALLER_FAULTS = {400: "invalid_record", 413: "too_large", 422: "invalid_record"}
_BUSY = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "ModelNotReadyException"})


class EndpointClient:
    """A client of one endpoint.

    Parameters
    ----------
    settings
        Names the endpoint and its time limits.
    model_format
        What the model behind it takes and answers.
    runtime
        A botocore client of ``sagemaker-runtime``; default: a new one.
    """

    def __init__(self, settings: ApiSettings, model_format: ModelFormat, runtime: Any = None) -> None:
        self._endpoint_name = settings.endpoint_name
        self._format = model_format
        self._runtime = runtime or _create_runtime(settings)

    def predict(self, records: Sequence[dict[str, Any]], target_model: str = "") -> list[Prediction]:
        """Return one prediction per record; of an endpoint of several models, by ``target_model``.

        Raises
        ------
        ApiError
            The endpoint refused the records or did not answer as it should.
        """
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint_name,
                ContentType=self._format.media_type,
                Accept=self._format.media_type,
                Body=self._format.encode(records),
                **({"TargetModel": target_model} if target_model else {}),
            )
            content = answer["Body"].read()
        except ClientError as error:
            raise _from_service(error) from error
        except BotoCoreError as error:
            raise _from_transport(error) from error
        return self._format.decode(content, len(records))


def _create_runtime(settings: ApiSettings) -> Any:
    config = Config(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        retries={"mode": "standard", "total_max_attempts": 2},
        tcp_keepalive=True,
    )
    session = botocore.session.Session()
    return session.create_client("sagemaker-runtime", region_name=settings.region, config=config)


def _from_service(error: ClientError) -> ApiError:
    code = error.response["Error"]["Code"]
    if code == "ModelError":
        return _from_model(error.response)
    if code in _BUSY:
        return PlatformError(429, "throttled", "The model endpoint is busy. Try again in a moment.")
    if code in {"ValidationError", "ValidationException"}:
        return PlatformError(503, "not_deployed", "No model is deployed at this stage yet.")
    return PlatformError(503, "unavailable", "The model endpoint is unavailable. Try again later.")


def _from_model(response: Any) -> ApiError:
    status = int(response.get("OriginalStatusCode") or 500)
    if status == 429:
        return PlatformError(429, "throttled", "The model endpoint is busy. Try again in a moment.")
    if status not in _CALLER_FAULTS:
        return PlatformError(502, "model_failed", "The model failed to answer.")
    reason = _parse_reason(response.get("OriginalMessage") or "")
    message = str(reason.get("message") or "The model refused the records.")
    return UserError(
        413 if status == 413 else 400, _CALLER_FAULTS[status], message, reason.get("details") or ()
    )


def _parse_reason(text: str) -> dict[str, Any]:
    try:
        reason = json.loads(text)["error"]
    except (ValueError, TypeError, KeyError):
        return {}
    return reason if isinstance(reason, dict) else {}


def _from_transport(error: BotoCoreError) -> ApiError:
    if isinstance(error, ReadTimeoutError):
        return PlatformError(504, "too_slow", "The model took too long to answer.")
    if isinstance(error, ConnectTimeoutError | EndpointConnectionError):
        return PlatformError(503, "unavailable", "The model endpoint cannot be reached. Try again later.")
    return PlatformError(503, "unavailable", "The model endpoint is unavailable. Try again later.")
