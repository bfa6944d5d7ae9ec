"""The entry point: builds settings, schema, endpoint client and API once per process, then answers events."""

from __future__ import annotations

from typing import Any

from inference_api.api_settings import ApiSettings
from inference_api.endpoint_client import EndpointClient
from inference_api.model_formats import choose_format
from inference_api.prediction_api import PredictionApi
from inference_api.record_schema import RecordSchema

_settings = ApiSettings.from_environment()
_schema = RecordSchema.from_file()
_format = choose_format(_settings.model_media_type, _schema.sent_columns, _settings.model_answer_columns)
_api = PredictionApi(_settings, _schema, EndpointClient(_settings, _format))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer an API Gateway REST proxy event (payload format 1.0).

    Parameters
    ----------
    event
        The event; only headers, body and the request id are read.
    context
        The invocation's context, not needed.
    """
    return _api.answer(event)
