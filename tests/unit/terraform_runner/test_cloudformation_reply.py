"""The answer: what CloudFormation is told, over HTTP as it is, and the mark that is left."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest

from terraform_runner.cloudformation_reply import Outcome, reply, reply_body
from terraform_runner.runner_errors import PlatformError

from ..mailbox import Mailbox, open_mailbox
from .conftest import ARTIFACTS, request_of


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as server:
        yield server


def test_outputs_become_attributes() -> None:
    outcome = Outcome(True, "ready", {"model_build_clone_url": "https://x"})
    body = json.loads(reply_body(request_of("create"), outcome))
    assert body["Status"] == "SUCCESS"
    assert body["PhysicalResourceId"] == "p-abc123def456"
    assert body["Data"] == {"ModelBuildCloneUrl": "https://x"}


def test_the_physical_id_that_cloudformation_knows_is_kept() -> None:
    request = request_of("delete", PhysicalResourceId="SC-Project-1A2B3C")
    assert json.loads(reply_body(request, Outcome(True, "gone")))["PhysicalResourceId"] == "SC-Project-1A2B3C"


@pytest.mark.parametrize("letter", ["x", "ü", "𝄞", '"'])
def test_a_long_reason_is_cut_to_what_cloudformation_takes(letter: str) -> None:
    body = reply_body(request_of("create"), Outcome(False, letter * 5000))
    assert len(body) <= 4096
    assert json.loads(body)["Reason"].endswith("…")


def test_outputs_that_do_not_fit_are_our_failure() -> None:
    with pytest.raises(PlatformError, match="too long"):
        reply_body(request_of("create"), Outcome(True, "ready", {"url": "x" * 5000}))


def test_the_answer_is_sent_without_a_content_type_and_marked(
    session: boto3.Session, mailbox: Mailbox
) -> None:
    request = request_of("create", ResponseURL=mailbox.url)
    reply(session.client("s3"), ARTIFACTS, request, b'{"Status": "SUCCESS"}')
    assert mailbox.letters == [("", b'{"Status": "SUCCESS"}')]
    marked = session.client("s3").get_object(Bucket=ARTIFACTS, Key=request.answer_key)
    assert marked["Body"].read() == b'{"Status": "SUCCESS"}'


def test_an_answer_is_sent_again_when_s3_is_busy(session: boto3.Session, mailbox: Mailbox) -> None:
    mailbox.statuses = [503]
    reply(session.client("s3"), ARTIFACTS, request_of("create", ResponseURL=mailbox.url), b"{}")
    assert len(mailbox.letters) == 2


def test_an_answer_that_is_refused_is_told_without_the_url(session: boto3.Session, mailbox: Mailbox) -> None:
    mailbox.statuses = [403]
    request = request_of("create", ResponseURL=mailbox.url)
    with pytest.raises(PlatformError) as refused:
        reply(session.client("s3"), ARTIFACTS, request, b"{}")
    assert "secret-path" not in str(refused.value)
    assert session.client("s3").list_objects_v2(Bucket=ARTIFACTS)["KeyCount"] == 0
