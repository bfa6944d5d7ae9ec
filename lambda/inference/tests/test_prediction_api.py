"""Proxy events in, proxy answers out: statuses, body, correlation id, and a log without payload."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
from typing import Any

import pytest

from inference_api.api_errors import PlatformError
from inference_api.api_settings import ApiSettings
from inference_api.model_formats import Prediction
from inference_api.prediction_api import PredictionApi
from inference_api.record_schema import RecordSchema

REQUEST_ID = "3c1c0d6e-7b0a-4d57-9f3b-0f3f0a2f6a11"


class Scores:
    """Predicts the same for every record and remembers what it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.records: list[dict[str, Any]] = []
        self.target_model = ""

    def predict(self, records: list[dict[str, Any]], target_model: str) -> list[Prediction]:
        if self.error:
            raise self.error
        self.records, self.target_model = records, target_model
        return [Prediction(score=0.25, label="False") for _ in records]


@pytest.fixture
def scores() -> Scores:
    return Scores()


@pytest.fixture
def api(settings: ApiSettings, schema: RecordSchema, scores: Scores) -> PredictionApi:
    return PredictionApi(settings, schema, scores)


def error_of(answer: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(answer["body"])["error"]
    return content


def test_a_record_is_answered_with_a_prediction_and_the_correlation_id(
    api: PredictionApi, event: dict[str, Any]
) -> None:
    answer = api.answer(event)
    assert answer["statusCode"] == 200
    assert answer["headers"] == {"content-type": "application/json", "x-correlation-id": REQUEST_ID}
    assert json.loads(answer["body"]) == {"predictions": [{"score": 0.25, "label": "False"}]}
    assert answer["isBase64Encoded"] is False


def test_a_list_is_answered_record_by_record(
    api: PredictionApi, event: dict[str, Any], record: dict[str, Any]
) -> None:
    event["body"] = json.dumps([record, record])
    assert len(json.loads(api.answer(event)["body"])["predictions"]) == 2


def test_a_column_that_is_not_sent_stays_here(
    api: PredictionApi, scores: Scores, event: dict[str, Any], record: dict[str, Any]
) -> None:
    api.answer(event)
    assert scores.records == [{name: value for name, value in record.items() if name != "Phone"}]


def test_a_base64_body_is_decoded(api: PredictionApi, event: dict[str, Any]) -> None:
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True
    assert api.answer(event)["statusCode"] == 200


@pytest.mark.parametrize("body", [base64.b64encode(b"\xff").decode(), "%%%"])
def test_bytes_that_are_no_text_are_refused(api: PredictionApi, event: dict[str, Any], body: str) -> None:
    event |= {"body": body, "isBase64Encoded": True}
    answer = api.answer(event)
    assert (answer["statusCode"], error_of(answer)["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("body", [None, ""])
def test_an_empty_body_is_refused(api: PredictionApi, event: dict[str, Any], body: str | None) -> None:
    event["body"] = body
    answer = api.answer(event)
    assert (answer["statusCode"], error_of(answer)["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({"CONTENT-TYPE": "Application/JSON"}, 200),
        (None, 200),
        ({"Content-Type": "text/csv"}, 415),
        ({"Content-Type": "application/jsonlines"}, 415),
    ],
)
def test_only_json_is_taken(
    api: PredictionApi, event: dict[str, Any], headers: dict[str, str] | None, status: int
) -> None:
    event["headers"] = headers
    assert api.answer(event)["statusCode"] == status


def test_an_error_carries_code_message_correlation_id_and_details(
    api: PredictionApi, event: dict[str, Any], record: dict[str, Any]
) -> None:
    del record["State"]
    event["body"] = json.dumps(record)
    answer = api.answer(event)
    assert answer["statusCode"] == 400
    assert answer["headers"]["x-correlation-id"] == REQUEST_ID
    assert error_of(answer) == {
        "code": "invalid_record",
        "message": "Record 0: 'State' is missing.",
        "correlation_id": REQUEST_ID,
        "details": [{"record": 0, "column": "State", "message": "'State' is missing."}],
    }


def test_a_failure_of_the_platform_keeps_its_status(
    settings: ApiSettings, schema: RecordSchema, event: dict[str, Any]
) -> None:
    api = PredictionApi(settings, schema, Scores(PlatformError(503, "not_deployed", "Not yet.")))
    answer = api.answer(event)
    assert answer["statusCode"] == 503
    assert error_of(answer) == {
        "code": "not_deployed",
        "message": "Not yet.",
        "correlation_id": REQUEST_ID,
    }


def test_a_bug_of_ours_is_answered_without_its_words(
    settings: ApiSettings, schema: RecordSchema, event: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = PredictionApi(settings, schema, Scores(RuntimeError("secret"))).answer(event)
    assert (answer["statusCode"], error_of(answer)["code"]) == (500, "internal")
    assert "secret" not in answer["body"]
    assert "RuntimeError: secret" in caplog.text


@pytest.mark.parametrize("valid", [True, False])
def test_the_log_says_what_was_decided_and_never_what_was_sent(
    api: PredictionApi, event: dict[str, Any], caplog: pytest.LogCaptureFixture, valid: bool
) -> None:
    caplog.set_level(logging.INFO)
    if not valid:
        event["body"] = event["body"].replace("382-4657", '382-4657", "Day Mins": "382-4657')
        event["body"] = event["body"].replace('"State": "KS", ', "")
    api.answer(event)
    (line,) = caplog.records
    assert line.__dict__["stage"] == "staging"
    assert line.__dict__["project_id"] == "p-abc123"
    assert line.__dict__["correlation_id"] == REQUEST_ID
    assert line.__dict__["status"] == (200 if valid else 400)
    assert "382-4657" not in str(line.__dict__)


MODELS = {"7": "train-7/output/model.tar.gz", "6": "train-6/output/model.tar.gz"}


@pytest.fixture
def several(settings: ApiSettings, schema: RecordSchema, scores: Scores) -> PredictionApi:
    return PredictionApi(dataclasses.replace(settings, target_models=MODELS), schema, scores)


@pytest.mark.parametrize(("query", "version"), [(None, "7"), ({"model": "7"}, "7"), ({"model": "6"}, "6")])
def test_of_several_models_the_named_one_answers_or_the_approved_one_and_says_so(
    several: PredictionApi, scores: Scores, event: dict[str, Any], query: dict[str, str] | None, version: str
) -> None:
    answer = several.answer(event | {"queryStringParameters": query})
    assert (answer["statusCode"], answer["headers"]["x-model"]) == (200, version)
    assert scores.target_model == MODELS[version]


def test_a_model_that_is_not_served_is_refused_with_those_that_are(
    several: PredictionApi, event: dict[str, Any]
) -> None:
    answer = several.answer(event | {"queryStringParameters": {"model": "train-5/output/model.tar.gz"}})
    assert answer["statusCode"] == 400
    assert error_of(answer)["code"] == "unknown_model"
    assert error_of(answer)["message"] == "This stage has the models 7, 6 only."
    assert error_of(answer)["details"] == [{"model": "7"}, {"model": "6"}]


def test_a_choice_where_there_is_none_is_refused(
    api: PredictionApi, scores: Scores, event: dict[str, Any]
) -> None:
    answer = api.answer(event | {"queryStringParameters": {"model": "7"}})
    assert (answer["statusCode"], error_of(answer)["code"]) == (400, "unknown_model")
    assert api.answer(event)["statusCode"] == 200
    assert scores.target_model == ""
