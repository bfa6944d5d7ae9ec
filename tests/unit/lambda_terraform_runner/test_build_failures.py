"""A runner that died: its request is answered, once, with the most telling line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from terraform_runner_provider.provider_handler import Provider

from .conftest import BUCKET, real_event

LOG_GROUP = "/aws/codebuild/mlproject-platform-runner"
LOG_STREAM = "8745a7a9-c340-456a-9166-edf953571be1"


@pytest.fixture
def waiting(provider: Provider) -> Provider:
    """Give a provider to which a create was sent that nobody has answered."""
    event = real_event("cloudformation-create")
    provider.s3.put_object(
        Bucket=BUCKET, Key=f"requests/{event['RequestId']}/event.json", Body=json.dumps(event).encode()
    )
    return provider


def failed(status: str) -> dict[str, Any]:
    """Return the event of a build that ended in ``status``."""
    event = real_event("codebuild-failed")
    event["detail"]["build-status"] = status
    return event


def test_the_failing_phase_is_told_when_there_is_no_log(waiting: Provider) -> None:
    waiting.handle_build_failure(failed("FAILED"))
    answer = waiting.send.only  # type: ignore[attr-defined]
    assert answer["Status"] == "FAILED"
    assert "COMMAND_EXECUTION_ERROR" in answer["Reason"]
    assert "https://console.aws.amazon.com/cloudwatch" in answer["Reason"]


def test_the_project_id_is_told_so_that_the_rollback_deletes_what_was_made(waiting: Provider) -> None:
    waiting.handle_build_failure(failed("TIMED_OUT"))
    answer = waiting.send.only  # type: ignore[attr-defined]
    assert answer["PhysicalResourceId"] == "p-abc123def456"
    assert "took longer than allowed" in answer["Reason"]


def logged(provider: Provider, *lines: str) -> None:
    """Let the log of the failed build end with these lines."""
    provider.logs.create_log_group(logGroupName=LOG_GROUP)
    provider.logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM)
    provider.logs.put_log_events(
        logGroupName=LOG_GROUP,
        logStreamName=LOG_STREAM,
        logEvents=[{"timestamp": 1_795_000_000_000 + i, "message": line} for i, line in enumerate(lines)],
    )


def test_the_runners_last_line_is_told(waiting: Provider) -> None:
    logged(
        waiting,
        "aws_codepipeline.this: Creating...",
        "[Container] 2026/11/21 08:01:27 Phase is FAILED",
        "  ",
    )
    waiting.handle_build_failure(failed("STOPPED"))
    reason = waiting.send.only["Reason"]  # type: ignore[attr-defined]
    assert "was stopped: aws_codepipeline.this: Creating..." in reason


@pytest.mark.parametrize(
    "line",
    ["/codebuild/script.sh: line 4:   114 Killed        .venv/bin/python -m terraform_runner", "Killed"],
)
def test_the_shells_word_for_a_killed_program_is_told_as_a_sentence(waiting: Provider, line: str) -> None:
    logged(waiting, line)
    waiting.handle_build_failure(failed("FAILED"))
    reason = waiting.send.only["Reason"]  # type: ignore[attr-defined]
    assert "failed: its program was killed from outside" in reason
    assert "script.sh" not in reason


def test_an_answered_request_is_not_answered_again(waiting: Provider) -> None:
    waiting.handle_build_failure(failed("FAILED"))
    waiting.handle_build_failure(failed("FAILED"))
    assert len(waiting.send.answers) == 1  # type: ignore[attr-defined]


def test_a_build_that_served_no_request_is_left_alone(provider: Provider) -> None:
    event = failed("FAILED")
    event["detail"]["additional-information"]["environment"]["environment-variables"] = []
    provider.handle_build_failure(event)
    assert provider.send.answers == []  # type: ignore[attr-defined]
