"""The train build's program puts data, code and pipeline in place, in that order, and reports like a person."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from churn import run_pipeline
from churn.data_source import DataSource
from churn.errors import UserError
from churn.step_code import StepCode


class FakePipeline:
    """Records how it was written."""

    def __init__(self) -> None:
        self.written: dict[str, Any] = {}

    def upsert(self, **request: Any) -> None:
        self.written = request


class FakeExecution:
    """Ends with a package, or with an error."""

    arn = "arn:execution"

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.started: dict[str, Any] = {}

    def start(self, sagemaker: Any, **request: Any) -> FakeExecution:
        self.started = request
        return self

    def wait(self) -> str:
        if self._error:
            raise self._error
        return "arn:package/1"


@pytest.fixture(autouse=True)
def loud_again() -> Iterator[None]:
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    written = FakePipeline()
    monkeypatch.setattr(run_pipeline, "locate_data", lambda *_: DataSource("s3://data/churn.csv", "f" * 64))
    monkeypatch.setattr(StepCode, "upload", lambda step, *_: f"s3://code/{step.module}/")
    monkeypatch.setattr(run_pipeline, "open_session", lambda *_: None)
    monkeypatch.setattr(run_pipeline, "build_pipeline", lambda *_: written)
    return written


def run(monkeypatch: pytest.MonkeyPatch, execution: FakeExecution) -> int:
    monkeypatch.setattr(run_pipeline, "Execution", execution)
    return run_pipeline.main()


def test_an_execution_gets_data_hash_and_commit(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execution = FakeExecution()
    assert run(monkeypatch, execution) == 0
    assert execution.started["parameters"] == {
        "InputData": "s3://data/churn.csv",
        "DataHash": "f" * 64,
        "CommitId": "0123456789abcdef0123456789abcdef01234567",
    }
    assert execution.started["display_name"].startswith("commit-01234567-")
    assert pipeline.written["role_arn"].endswith("sagemaker-churn-p-1-training")
    assert "registered arn:package/1, pending your approval" in capsys.readouterr().out


def test_a_failed_execution_ends_the_build_with_its_reason(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, FakeExecution(UserError("train: too few rows"))) == 1
    assert capsys.readouterr().err == "error: train: too few rows\n"


def test_a_refusal_by_aws_ends_the_build_in_words(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribePipelineExecution")
    assert run(monkeypatch, FakeExecution(refusal)) == 1
    assert capsys.readouterr().err.startswith("error: AWS refuses or cannot be reached: An error occurred")


def test_an_incomplete_environment_starts_nothing(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("IMAGE_URI")
    assert run(monkeypatch, FakeExecution()) == 1
    assert "IMAGE_URI: Field required" in capsys.readouterr().err
    assert pipeline.written == {}
