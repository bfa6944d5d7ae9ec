"""Answers an API Gateway proxy event: has its body validated, then predicted, and shapes the answer."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from inference_api.api_errors import ApiError, UserError
from inference_api.api_settings import ApiSettings
from inference_api.model_choice import ChosenModel, ModelChoice
from inference_api.model_formats import Prediction
from inference_api.record_schema import RecordSchema

_logger = logging.getLogger(__name__)


class Predictor(Protocol):
    """Whatever predicts: the endpoint, or a test's stand-in."""

    def predict(self, records: list[dict[str, Any]], target_model: str) -> list[Prediction]:
        """Return one prediction per record, by the endpoint's only model or ``target_model``."""


class PredictionApi:
    """The API's function without its surroundings.

    Parameters
    ----------
    settings
        Stage and project, for the log, and the models to choose from.
    schema
        What a record is.
    predictor
        Answers for validated records.
    """

    def __init__(self, settings: ApiSettings, schema: RecordSchema, predictor: Predictor) -> None:
        self._context = {"project_id": settings.project_id, "stage": settings.stage}
        self._schema = schema
        self._predictor = predictor
        self._choice = ModelChoice(settings.target_models)

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the proxy answer to ``event``; never raises."""
        correlation_id = str(event.get("requestContext", {}).get("requestId", ""))
        try:
            model = self._choice.choose(event)
            predictions = self._predict(event, model)
        except ApiError as error:
            level = logging.WARNING if isinstance(error, UserError) else logging.ERROR
            self._log(
                level, "refused", correlation_id, status=error.status, code=error.code, cause=_cause(error)
            )
            return _error_answer(error, correlation_id)
        except Exception:
            _logger.exception("failed", extra={**self._context, "correlation_id": correlation_id})
            return _error_answer(
                ApiError(500, "internal", "Something went wrong on our side."), correlation_id
            )
        named = {"model": model.version} if model.version else {}
        self._log(logging.INFO, "predicted", correlation_id, status=200, records=len(predictions), **named)
        answer = _answer(200, {"predictions": predictions}, correlation_id)
        answer["headers"] |= {f"x-{name}": value for name, value in named.items()}
        return answer

    def _predict(self, event: Mapping[str, Any], model: ChosenModel) -> list[Prediction]:
        _check_media_type(event)
        records = self._schema.parse(_body(event))
        sent = [self._schema.sent(record) for record in records]
        return self._predictor.predict(sent, model.artefact)

    def _log(self, level: int, decision: str, correlation_id: str, **values: object) -> None:
        _logger.log(level, decision, extra={**self._context, "correlation_id": correlation_id, **values})


def _check_media_type(event: Mapping[str, Any]) -> None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    # Without the header API Gateway takes application/json for granted, and so does this function.
    media_type = str(headers.get("content-type", "application/json")).partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UserError(
            415, "unsupported_media_type", f"Send application/json, not {media_type or 'nothing'}."
        )


def _body(event: Mapping[str, Any]) -> str:
    body = event.get("body")
    if not body:
        raise UserError(400, "invalid_request", "The body is empty: send a record.")
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UserError(400, "invalid_json", "The body is not UTF-8 text.") from error


def _cause(error: ApiError) -> str | None:
    # What AWS said is for the operator's log only: it names accounts, endpoints and roles. What is wrong
    # with a record may quote the record, so a user's error is logged by its code alone.
    return None if isinstance(error, UserError) else repr(error.__cause__)


def _error_answer(error: ApiError, correlation_id: str) -> dict[str, Any]:
    content: dict[str, Any] = {"code": error.code, "message": error.message, "correlation_id": correlation_id}
    if error.details:
        content["details"] = error.details
    return _answer(error.status, {"error": content}, correlation_id)


def _answer(status: int, content: Mapping[str, Any], correlation_id: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "x-correlation-id": correlation_id},
        "body": json.dumps(content),
        "isBase64Encoded": False,
    }
