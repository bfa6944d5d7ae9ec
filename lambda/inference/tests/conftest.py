"""What the tests share: a proxy event, its record and what a record is, settings, a stubbed runtime client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from inference_api.api_settings import ApiSettings
from inference_api.endpoint_client import EndpointClient
from inference_api.model_formats import JsonFormat
from inference_api.record_schema import RecordSchema

EVENTS = Path(__file__).parent / "events"
# Not the project's own: these tests hold whatever its records are.
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {
        "State": {"type": ["string", "null"], "minLength": 2},
        "Area Code": {"type": ["integer", "string", "null"]},
        "Phone": {"type": ["string", "null"], "x-not-sent": True},
        "Int'l Plan": {"type": "string", "enum": ["yes", "no"]},
        "Day Mins": {"type": ["number", "null"]},
        "Day Calls": {"type": ["number", "null"]},
    },
    "required": ["State", "Area Code", "Int'l Plan", "Day Mins", "Day Calls"],
    "additionalProperties": False,
}


@pytest.fixture
def schema() -> RecordSchema:
    return RecordSchema(SCHEMA)


@pytest.fixture
def event() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EVENTS / "predictions.json").read_text())
    return content


@pytest.fixture
def record(event: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(event["body"])
    return content


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings(
        endpoint_name="churn-staging", region="eu-west-1", project_id="p-abc123", stage="staging"
    )


@pytest.fixture(scope="session")
def runtime() -> Any:
    session = botocore.session.Session()
    return session.create_client(
        "sagemaker-runtime",
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def stubber(runtime: Any) -> Iterator[Stubber]:
    with Stubber(runtime) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def endpoint(settings: ApiSettings, runtime: Any) -> EndpointClient:
    return EndpointClient(settings, JsonFormat(), runtime)
