"""Calls to the API: signed, and with a key where the API asks for one."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from deployment.api_client import ApiClient, find_api_key
from deployment.deployment_errors import UserError
from deployment.golden_records import fetch_golden_records
from tests.unit.stubbed_clients import PACKAGE, session

URL = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/staging/predictions"


def plans(apigateway: Stubber, stage: str) -> None:
    plan = {"id": "plan", "apiStages": [{"apiId": "a1b2c3d4e5", "stage": stage}]}
    apigateway.add_response("get_usage_plans", {"items": [{"id": "other"}, plan]})


def test_the_key_of_the_usage_plan_that_covers_the_stage_is_found(apigateway: Stubber) -> None:
    plans(apigateway, "staging")
    apigateway.add_response("get_usage_plan_keys", {"items": [{"id": "key"}]}, {"usagePlanId": "plan"})
    apigateway.add_response("get_api_key", {"value": "secret"}, {"apiKey": "key", "includeValue": True})
    assert find_api_key(apigateway.client, URL) == "secret"


def test_a_stage_without_a_usage_plan_is_named(apigateway: Stubber) -> None:
    plans(apigateway, "prod")
    with pytest.raises(UserError, match="no usage plan covers stage staging of API a1b2c3d4e5"):
        find_api_key(apigateway.client, URL)


def test_a_usage_plan_without_a_key_is_named(apigateway: Stubber) -> None:
    plans(apigateway, "staging")
    apigateway.add_response("get_usage_plan_keys", {"items": []})
    with pytest.raises(UserError, match="usage plan plan has no API key"):
        find_api_key(apigateway.client, URL)


def test_requests_are_signed_for_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    api = ApiClient(URL, "eu-west-1", session())
    sent: dict[str, Any] = {}
    monkeypatch.setattr(api._connection, "post", lambda url, **request: sent.update(request))
    api.post({"State": "KS"})
    assert sent["data"] == b'{"State": "KS"}'
    assert "/eu-west-1/execute-api/aws4_request" in sent["headers"]["Authorization"]
    assert sent["headers"]["X-Amz-Security-Token"] == "token"
    assert "x-api-key" not in sent["headers"]


def package(sagemaker: Stubber, metadata: dict[str, str]) -> None:
    sagemaker.add_response(
        "describe_model_package",
        {
            "ModelPackageName": "x",
            "ModelPackageArn": PACKAGE,
            "CreationTime": 0,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "CustomerMetadataProperties": metadata,
        },
    )


def test_golden_records_are_read_from_where_the_package_says(sagemaker: Stubber, s3: Stubber) -> None:
    package(sagemaker, {"GoldenRecordsUri": "s3://bucket/eval/golden.jsonl"})
    lines = json.dumps({"record": {"State": "KS"}, "score": 0.25}) + "\n\n"
    body = StreamingBody(io.BytesIO(lines.encode()), len(lines))
    s3.add_response("get_object", {"Body": body}, {"Bucket": "bucket", "Key": "eval/golden.jsonl"})
    (item,) = fetch_golden_records(sagemaker.client, s3.client, PACKAGE)
    assert (item.record, item.score) == ({"State": "KS"}, 0.25)


def test_a_package_without_golden_records_is_refused(sagemaker: Stubber, s3: Stubber) -> None:
    package(sagemaker, {})
    with pytest.raises(UserError, match="has no GoldenRecordsUri"):
        fetch_golden_records(sagemaker.client, s3.client, PACKAGE)


def test_an_empty_file_of_golden_records_is_refused(sagemaker: Stubber, s3: Stubber) -> None:
    package(sagemaker, {"GoldenRecordsUri": "s3://bucket/golden.jsonl"})
    s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"\n"), 1)})
    with pytest.raises(UserError, match="holds no golden records"):
        fetch_golden_records(sagemaker.client, s3.client, PACKAGE)


def test_a_version_that_is_asked_for_is_in_the_signed_query(monkeypatch: pytest.MonkeyPatch) -> None:
    api = ApiClient(URL, "eu-west-1", session())
    sent: list[str] = []
    monkeypatch.setattr(api._connection, "post", lambda url, **request: sent.append(url))
    api.post({"State": "KS"}, "../6")
    api.post({"State": "KS"})
    assert sent == [f"{URL}?model=..%2F6", URL]
