"""What the provider's tests share: its package on the path, real events, and AWS as moto plays it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "lambda" / "terraform-runner"))

from terraform_runner_provider.provider_handler import Provider  # noqa: E402
from terraform_runner_provider.provider_settings import ProviderSettings  # noqa: E402

REGION: Final = "eu-central-1"
BUCKET = "artifacts"


def real_event(name: str) -> dict[str, Any]:
    """Return an event as AWS sends it."""
    event: dict[str, Any] = json.loads((ROOT / "tests" / "events" / f"{name}.json").read_text())
    return event


@dataclass
class FakeCodeBuild:
    """Starts builds by idempotency token, as CodeBuild does."""

    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusal: str = ""

    def start_build(self, **arguments: Any) -> dict[str, Any]:
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": "no"}}, "StartBuild")
        self.started.setdefault(arguments["idempotencyToken"], arguments)
        return {"build": {"id": f"runner:{arguments['idempotencyToken']}"}}


@dataclass
class FakeCloudFormation:
    """Knows one stack, by whatever id."""

    status: str = "CREATE_IN_PROGRESS"

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.status}]}


@dataclass
class Told:
    """Collects what CloudFormation was told."""

    answers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes) -> None:
        assert len(body) <= 4096
        self.answers.append((url, json.loads(body)))

    @property
    def only(self) -> dict[str, Any]:
        assert len(self.answers) == 1
        return self.answers[0][1]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Give a provider whose answers are collected and whose builds are only counted."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Provider(
            settings=ProviderSettings(BUCKET, "runner"),
            s3=s3,
            codebuild=FakeCodeBuild(),
            cloudformation=FakeCloudFormation(),
            logs=boto3.client("logs", region_name=REGION),
            send=Told(),
        )
