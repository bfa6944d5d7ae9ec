"""The endpoint: what is sent to it, and what each of its failures becomes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import Stubber

from inference_api.api_errors import ApiError
from inference_api.api_settings import ApiSettings
from inference_api.endpoint_client import EndpointClient
from inference_api.model_formats import CsvFormat, JsonFormat

SENT = {
    "EndpointName": "churn-staging",
    "ContentType": "application/json",
    "Accept": "application/json",
    "Body": b'[{"State": "KS"}]',
}


def answered(stubber: Stubber, content: bytes) -> None:
    stubber.add_response(
        "invoke_endpoint",
        {"Body": StreamingBody(io.BytesIO(content), len(content)), "ContentType": "application/json"},
        SENT,
    )


def failure(endpoint: EndpointClient) -> ApiError:
    with pytest.raises(ApiError) as caught:
        endpoint.predict([{"State": "KS"}])
    return caught.value


def test_predictions_come_back_with_score_and_label_only(endpoint: EndpointClient, stubber: Stubber) -> None:
    answered(stubber, b'{"predictions": [{"score": 0.25, "label": "False", "debug": 1}], "took": 3}')
    assert endpoint.predict([{"State": "KS"}]) == [{"score": 0.25, "label": "False"}]


def test_one_of_several_models_is_asked_by_its_artefact(endpoint: EndpointClient, stubber: Stubber) -> None:
    content = b'{"predictions": [{"score": 0.25}]}'
    stubber.add_response(
        "invoke_endpoint",
        {"Body": StreamingBody(io.BytesIO(content), len(content)), "ContentType": "application/json"},
        {**SENT, "TargetModel": "train-7/output/model.tar.gz"},
    )
    assert endpoint.predict([{"State": "KS"}], "train-7/output/model.tar.gz") == [{"score": 0.25}]


def test_an_answer_that_cannot_be_read_is_a_failure_of_the_model(
    endpoint: EndpointClient, stubber: Stubber
) -> None:
    answered(stubber, b"oops")
    error = failure(endpoint)
    assert (error.status, error.code) == (502, "model_failed")


def test_a_model_of_csv_is_asked_and_understood_in_csv(
    settings: ApiSettings, runtime: Any, stubber: Stubber
) -> None:
    sent = SENT | {"ContentType": "text/csv", "Accept": "text/csv", "Body": b"KS\n"}
    content = b"True,0.9\n"
    stubber.add_response("invoke_endpoint", {"Body": StreamingBody(io.BytesIO(content), len(content))}, sent)
    endpoint = EndpointClient(settings, CsvFormat(["State"], ["label", "score"]), runtime)
    assert endpoint.predict([{"State": "KS"}]) == [{"label": "True", "score": 0.9}]


@pytest.mark.parametrize(
    ("code", "http_status", "status", "api_code"),
    [
        ("ValidationError", 400, 503, "not_deployed"),
        ("ThrottlingException", 400, 429, "throttled"),
        ("ModelNotReadyException", 429, 429, "throttled"),
        ("ServiceUnavailable", 503, 503, "unavailable"),
        ("InternalFailure", 500, 503, "unavailable"),
        ("InternalDependencyException", 530, 503, "unavailable"),
        ("AccessDeniedException", 403, 503, "unavailable"),
    ],
)
def test_a_failure_of_the_service_becomes_its_status(
    endpoint: EndpointClient, stubber: Stubber, code: str, http_status: int, status: int, api_code: str
) -> None:
    stubber.add_client_error("invoke_endpoint", code, "account 123456789012", http_status)
    error = failure(endpoint)
    assert (error.status, error.code) == (status, api_code)
    assert "123456789012" not in error.message


@pytest.mark.parametrize(
    ("original", "status", "api_code"),
    [
        (400, 400, "invalid_record"),
        (422, 400, "invalid_record"),
        (413, 413, "too_large"),
        (415, 502, "model_failed"),
        (429, 429, "throttled"),
        (500, 502, "model_failed"),
        (503, 502, "model_failed"),
    ],
)
def test_a_failure_of_the_model_becomes_its_status(
    endpoint: EndpointClient, stubber: Stubber, original: int, status: int, api_code: str
) -> None:
    stubber.add_client_error(
        "invoke_endpoint",
        "ModelError",
        http_status_code=424,
        modeled_fields={"OriginalStatusCode": original, "OriginalMessage": "nothing readable"},
    )
    error = failure(endpoint)
    assert (error.status, error.code) == (status, api_code)


def test_what_the_model_says_about_a_record_reaches_the_caller(
    endpoint: EndpointClient, stubber: Stubber
) -> None:
    details = [{"record": 0, "column": "State", "message": "is empty"}]
    said = {"error": {"code": "invalid", "message": "Record 0 is invalid.", "details": details}}
    stubber.add_client_error(
        "invoke_endpoint",
        "ModelError",
        http_status_code=424,
        modeled_fields={"OriginalStatusCode": 400, "OriginalMessage": json.dumps(said)},
    )
    error = failure(endpoint)
    assert (error.message, error.details) == ("Record 0 is invalid.", details)


class Unreachable:
    """A runtime client whose connection fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def invoke_endpoint(self, **_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ReadTimeoutError(endpoint_url="https://x"), 504),
        (ConnectTimeoutError(endpoint_url="https://x"), 503),
        (EndpointConnectionError(endpoint_url="https://x"), 503),
        (NoCredentialsError(), 503),
    ],
)
def test_a_failure_on_the_way_becomes_its_status(
    settings: ApiSettings, error: Exception, status: int
) -> None:
    assert failure(EndpointClient(settings, JsonFormat(), Unreachable(error))).status == status


def test_two_attempts_fit_into_the_time_that_api_gateway_waits(settings: ApiSettings) -> None:
    client = EndpointClient(settings, JsonFormat())._runtime
    config = client.meta.config
    attempts = config.retries["total_max_attempts"]
    longest_pause = 1.0
    assert attempts * (config.connect_timeout + config.read_timeout) + longest_pause < 27
