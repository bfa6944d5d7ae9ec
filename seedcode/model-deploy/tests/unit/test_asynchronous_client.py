"""Calls to an asynchronous endpoint: the request is put, the answer or the failure is fetched when it is there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from deployment import asynchronous_client
from deployment.asynchronous_client import AsynchronousClient, Invocation
from tests.unit.stubbed_clients import client

SENT = Invocation(
    "s3://bucket/asynchronous/staging/output/1.out", "s3://bucket/asynchronous/staging/failures/1.out"
)


@pytest.fixture
def runtime() -> Iterator[Stubber]:
    with Stubber(client("sagemaker-runtime")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def queue(runtime: Stubber, s3: Stubber, monkeypatch: pytest.MonkeyPatch) -> AsynchronousClient:
    monkeypatch.setattr(asynchronous_client, "_PAUSE_SECONDS", 0)
    return AsynchronousClient(runtime.client, s3.client, "churn", "s3://bucket/asynchronous/staging/input/")


def found(s3: Stubber, key: str, text: str) -> None:
    body = StreamingBody(io.BytesIO(text.encode()), len(text))
    s3.add_response("get_object", {"Body": body}, {"Bucket": "bucket", "Key": key})


def missing(s3: Stubber) -> None:
    s3.add_client_error("get_object", "NoSuchKey")


def test_a_request_is_put_as_it_is_and_named_to_the_endpoint(
    queue: AsynchronousClient, runtime: Stubber, s3: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: dict[str, Any] = {}
    monkeypatch.setattr(s3.client, "put_object", lambda **request: put.update(request))
    answer = {
        "OutputLocation": SENT.output_location,
        "FailureLocation": SENT.failure_location,
        "InferenceId": "1",
    }
    expected = {"EndpointName": "churn", "ContentType": "text/csv", "Accept": "text/csv"}
    runtime.add_response("invoke_endpoint_async", answer, {**expected, "InputLocation": ANY})
    assert queue.send(b"KS,1", "text/csv") == SENT
    assert put["Key"].startswith("asynchronous/staging/input/")
    assert (put["Body"], put["ContentType"]) == (b"KS,1", "text/csv")


def test_an_answer_is_waited_for(queue: AsynchronousClient, s3: Stubber) -> None:
    missing(s3)
    missing(s3)
    found(s3, "asynchronous/staging/output/1.out", "answer")
    outcome = queue.outcome(SENT, 10)
    assert (outcome.content, outcome.failed) == ("answer", False)


def test_a_failure_is_an_outcome_with_its_reason(queue: AsynchronousClient, s3: Stubber) -> None:
    missing(s3)
    found(s3, "asynchronous/staging/failures/1.out", "no such column")
    outcome = queue.outcome(SENT, 10)
    assert (outcome.content, outcome.failed) == ("no such column", True)


def test_an_answer_that_does_not_come_is_told_with_its_place(queue: AsynchronousClient) -> None:
    with pytest.raises(
        TimeoutError, match=r"nothing at s3://bucket/asynchronous/staging/output/1\.out after 0 s"
    ):
        queue.outcome(SENT, 0)
