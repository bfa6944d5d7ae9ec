"""Answering over HTTP as it is, and the handler as Lambda calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from terraform_runner_provider import cloudformation_answer, provider_handler
from terraform_runner_provider.custom_resource_request import CustomResourceRequest
from terraform_runner_provider.provider_errors import PlatformError
from terraform_runner_provider.provider_handler import Provider

from ..mailbox import Mailbox, open_mailbox
from .conftest import BUCKET, REGION, real_event


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with open_mailbox() as server:
        yield server


def test_an_answer_is_sent_without_a_content_type(mailbox: Mailbox) -> None:
    cloudformation_answer.send(mailbox.url, b"{}")
    assert mailbox.letters == [("", b"{}")]


def test_an_answer_is_sent_again_when_s3_is_busy(mailbox: Mailbox) -> None:
    mailbox.statuses = [503, 500]
    cloudformation_answer.send(mailbox.url, b"{}")
    assert len(mailbox.letters) == 3


def test_an_answer_that_nobody_takes_is_told_without_the_url(mailbox: Mailbox) -> None:
    mailbox.statuses = [403] * 4
    with pytest.raises(PlatformError) as refused:
        cloudformation_answer.send(mailbox.url, b"{}")
    assert "secret-path" not in str(refused.value)


@pytest.mark.parametrize("letter", ["x", "ü", "𝄞", '"'])
def test_a_long_reason_is_cut_to_what_cloudformation_takes(letter: str) -> None:
    request = CustomResourceRequest.from_event(real_event("cloudformation-create"))
    body = cloudformation_answer.answer_body(request, "FAILED", letter * 5000, "p-abc123def456")
    assert len(cloudformation_answer.encode(body)) <= 4096
    assert body["Reason"].endswith("…")


def test_lambda_finds_its_settings_and_the_right_door(
    provider: Provider, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTIFACT_BUCKET", BUCKET)
    monkeypatch.setenv("RUNNER_PROJECT", "runner")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    create = {**real_event("cloudformation-create"), "ResponseURL": mailbox.url}
    key = f"requests/{create['RequestId']}/event.json"
    provider.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(create).encode())

    provider_handler.lambda_handler(real_event("codebuild-failed"), None)
    provider_handler.lambda_handler(create, None)

    died, unseen = (json.loads(body) for _, body in mailbox.letters)
    assert "COMMAND_EXECUTION_ERROR" in died["Reason"]
    assert "cannot be seen" in unseen["Reason"]
