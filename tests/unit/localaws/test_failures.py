"""What cannot be answered is answered in AWS's shapes, and what is our fault is written down."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from moto.sns.responses import SNSResponse
from moto.ssm.responses import SimpleSystemManagerResponse

from localaws.server import LocalAws


def test_an_operation_that_nobody_has_is_named(localaws: LocalAws) -> None:
    with pytest.raises(ClientError, match="DescribeSessions") as refused:
        localaws.client("ssm", "us-east-1").describe_sessions(State="Active")
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_operation_without_a_url_is_named_too(localaws: LocalAws) -> None:
    with pytest.raises(ClientError, match="batch has no POST /v1/createserviceenvironment") as refused:
        localaws.client("batch", "us-east-1").create_service_environment(
            serviceEnvironmentName="x", serviceEnvironmentType="SAGEMAKER_TRAINING", capacityLimits=[{}]
        )
    assert refused.value.response["Error"]["Code"] == "NotImplemented"


@pytest.mark.parametrize(
    ("service", "operation", "response_class"),
    [("ssm", "describe_parameters", SimpleSystemManagerResponse), ("sns", "list_topics", SNSResponse)],
)
def test_a_defect_is_an_internal_failure_with_a_traceback_on_disk(
    localaws: LocalAws,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    response_class: type,
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(response_class, operation, fail)
    with pytest.raises(ClientError, match="a defect") as failed:
        getattr(localaws.client(service, "us-east-1"), operation)()
    assert failed.value.response["Error"]["Code"] == "InternalFailure"
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    errors = (localaws.data / "log" / "errors.log").read_text()
    assert "Traceback" in errors
    assert 'ZeroDivisionError("a defect")' in errors or "ZeroDivisionError: a defect" in errors


def test_a_background_task_that_fails_is_logged(localaws: LocalAws, caplog: pytest.LogCaptureFixture) -> None:
    done = []

    def fail() -> None:
        done.append(1)
        raise ZeroDivisionError("in the background")

    localaws.spawn("a task", fail)
    while "in the background" not in caplog.text:
        assert len(done) <= 1
    assert "a task failed" in caplog.text


def test_a_service_that_nothing_stands_in_for_is_refused(localaws: LocalAws) -> None:
    with pytest.raises(ClientError, match="nothing here stands in for this service") as refused:
        localaws.client("pricing", "us-east-1").describe_services()
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
