"""What an application developer sees of the REST API when a request is wrong, or comes too early."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from mlproject import projects
from mlproject.rehearsal import rest
from mlproject.rehearsal.life import Life

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]

RECORD: dict[str, Any] = {
    "State": "KS",
    "Account Length": 128,
    "Area Code": 415,
    "Int'l Plan": "no",
    "VMail Plan": "yes",
    "VMail Message": 25,
    "Day Mins": 265.1,
    "Day Calls": 110,
    "Day Charge": 45.07,
    "Eve Mins": 197.4,
    "Eve Calls": 99,
    "Eve Charge": 16.78,
    "Night Mins": 244.7,
    "Night Calls": 91,
    "Night Charge": 11.01,
    "Intl Mins": 10.0,
    "Intl Calls": 3,
    "Intl Charge": 2.7,
    "CustServ Calls": 1,
}


@pytest.fixture(scope="module")
def url(staged: Life) -> str:
    return projects.outputs(staged.lead, staged.project)["StagingApiUrl"]


def refused(answer: requests.Response) -> dict[str, Any]:
    """Return the error of an answer that has the contract's shape."""
    body = answer.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert error["code"]
    assert error["message"]
    assert error["correlation_id"] == answer.headers["x-correlation-id"]
    return error


def test_a_stage_that_is_not_deployed_yet_is_unavailable(staged: Life) -> None:
    production = projects.outputs(staged.lead, staged.project)["ProductionApiUrl"]
    answer = rest.post(staged.local, production, json.dumps(RECORD).encode())
    assert answer.status_code == 503
    refused(answer)


def test_a_request_without_credentials_is_forbidden(staged: Life, url: str) -> None:
    answer = rest.post(staged.local, url, json.dumps(RECORD).encode(), signed=False)
    assert answer.status_code == 403
    refused(answer)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({key: value for key, value in RECORD.items() if key != "Day Mins"}, "Day Mins"),
        (RECORD | {"Favourite Colour": "blue"}, "Favourite Colour"),
        (RECORD | {"Day Mins": "many"}, "Day Mins"),
        ([], "at least 1 elements"),
        ([RECORD] * 101, "at most 100 elements"),
        ("not a record", ""),
    ],
    ids=["missing field", "unknown field", "wrong type", "no record", "too many records", "no object"],
)
def test_a_record_that_breaks_the_schema_is_a_bad_request(
    staged: Life, url: str, body: Any, says: str
) -> None:
    answer = rest.post(staged.local, url, json.dumps(body).encode())
    assert answer.status_code == 400
    assert says in json.dumps(refused(answer))


def test_a_body_that_is_no_json_is_a_bad_request(staged: Life, url: str) -> None:
    answer = rest.post(staged.local, url, b'{"State": ')
    assert answer.status_code == 400
    refused(answer)


def test_a_body_of_another_media_type_is_unsupported(staged: Life, url: str) -> None:
    answer = rest.post(staged.local, url, b"KS,128,415", content_type="text/csv")
    assert answer.status_code == 415
    refused(answer)


def test_a_list_of_records_is_answered_in_its_order(staged: Life, url: str) -> None:
    calmer = RECORD | {"Day Mins": 100.0, "Day Charge": 17.0, "CustServ Calls": 0}
    both = rest.post(staged.local, url, json.dumps([RECORD, calmer]).encode()).json()["predictions"]
    single = [
        rest.post(staged.local, url, json.dumps(record).encode()).json()["predictions"][0]
        for record in (RECORD, calmer)
    ]
    assert both == single


def test_a_body_of_more_than_ten_megabytes_is_too_large(staged: Life, url: str) -> None:
    answer = rest.post(staged.local, url, b'"' + b"x" * 10 * 1024 * 1024 + b'"')
    assert answer.status_code == 413
    refused(answer)
