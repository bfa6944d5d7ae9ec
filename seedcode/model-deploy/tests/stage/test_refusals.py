"""The API refuses what it should, with the right status and an error that a program can read."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from deployment.api_client import ApiClient
from deployment.golden_records import GoldenRecord
from deployment.record_schema import read_record_schema, ways_to_break

WAYS = ways_to_break(read_record_schema())


def assert_refused(answer: requests.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"]
    assert error["message"]
    assert error["correlation_id"]
    return error


@pytest.mark.smoke
def test_what_is_no_record_is_refused(api: ApiClient) -> None:
    assert_refused(api.post(5), 400)


@pytest.mark.parametrize("way", WAYS)
def test_a_broken_record_is_refused(api: ApiClient, golden: list[GoldenRecord], way: str) -> None:
    broken = WAYS[way](golden[0].record)
    assert_refused(api.post([golden[0].record, broken]), 400)


def test_an_empty_list_is_refused(api: ApiClient) -> None:
    assert_refused(api.post([]), 400)


def test_a_list_of_too_many_is_refused(api: ApiClient, golden: list[GoldenRecord]) -> None:
    assert_refused(api.post([golden[0].record] * 101), 400)


def test_a_body_that_is_not_json_is_refused(api: ApiClient) -> None:
    assert_refused(api.send(b"{", "application/json"), 400)


def test_a_media_type_other_than_json_is_refused(api: ApiClient) -> None:
    assert_refused(api.send(b"a,b", "text/csv"), 415)


def test_a_request_without_credentials_is_refused(api: ApiClient, golden: list[GoldenRecord]) -> None:
    assert_refused(api.send_unsigned(golden[0].record), 403)
