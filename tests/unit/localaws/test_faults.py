"""Faults are injected by pattern, strike as often as they were asked to, and look like AWS's own."""

from __future__ import annotations

import time
from collections.abc import Iterator

import boto3
import pytest
import requests
from botocore.exceptions import ClientError, ConnectionClosedError

from localaws.server import LocalAws

REGION = "us-east-1"


@pytest.fixture
def endpoint(localaws: LocalAws) -> Iterator[str]:
    yield localaws.endpoint
    requests.delete(f"{localaws.endpoint}/_localaws/faults", timeout=30)


def inject(endpoint: str, **fault: object) -> requests.Response:
    return requests.post(f"{endpoint}/_localaws/faults", json=fault, timeout=30)


def hits(endpoint: str) -> int:
    faults = requests.get(f"{endpoint}/_localaws/faults", timeout=30).json()
    return int(sum(fault["hits"] for fault in faults.values()))


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "request_pattern"),
    [
        ("sqs", "list_queues", {}, r"^sqs\.ListQueues "),
        ("sns", "list_topics", {}, r"^sns\.ListTopics "),
        ("s3", "list_objects_v2", {"Bucket": "things"}, r"^s3\. GET .*/things"),
        ("lambda", "list_functions", {}, r"^lambda\. GET .*/functions"),
    ],
)
def test_an_error_is_answered_in_the_protocol_of_the_service(
    localaws: LocalAws,
    endpoint: str,
    service: str,
    operation: str,
    arguments: dict[str, str],
    request_pattern: str,
) -> None:
    localaws.client("s3", REGION).create_bucket(Bucket="things")
    inject(endpoint, request=request_pattern, status=403, code="Forbidden", message="not today")
    call = getattr(localaws.client(service, REGION), operation)
    with pytest.raises(ClientError, match="not today") as refused:
        call(**arguments)
    assert refused.value.response["Error"]["Code"] == "Forbidden"
    call(**arguments)
    assert hits(endpoint) == 1


def test_a_client_gets_over_throttling_by_its_own_retries(localaws: LocalAws, endpoint: str) -> None:
    inject(endpoint, request=r"ListQueues", times=2, status=429, code="ThrottlingException")
    client = boto3.client(
        "sqs", REGION, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.list_queues()
    assert hits(endpoint) == 2


def test_a_fault_lets_the_first_calls_pass(localaws: LocalAws, endpoint: str) -> None:
    inject(endpoint, request=r"ListTopics", after=1, status=403, code="Forbidden")
    sns = localaws.client("sns", REGION)
    sns.list_topics()
    with pytest.raises(ClientError, match="injected"):
        sns.list_topics()


def test_a_broken_connection_is_one_to_the_client_and_no_defect_of_ours(
    localaws: LocalAws, endpoint: str
) -> None:
    inject(endpoint, request=r"ListQueues", times=20, drop=True)
    with pytest.raises(ConnectionClosedError):
        localaws.client("sqs", REGION).list_queues()
    assert not (localaws.data / "log/errors.log").exists()


def test_a_delay_only_delays(localaws: LocalAws, endpoint: str) -> None:
    inject(endpoint, request=r"ListQueues", delay=0.3)
    started = time.monotonic()
    localaws.client("sqs", REGION).list_queues()
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("fault", [{"request": "("}, {"request": "x", "tmies": 1}, {"times": 1}])
def test_a_fault_that_cannot_be_meant_is_refused(endpoint: str, fault: dict[str, object]) -> None:
    answer = inject(endpoint, **fault)
    assert answer.status_code == 400
    assert answer.json()["message"]
