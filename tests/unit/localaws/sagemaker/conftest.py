"""A SageMaker to talk to: a role, a bucket, and images that are Python scripts of the test's own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from localaws.images import Image, ImageNotFound
from localaws.server import LocalAws

REGION = "us-east-1"


class ScriptImages:
    """An image store whose images are scripts: running one is ``python <script> <arguments>``."""

    def __init__(self) -> None:
        self._scripts: dict[str, Path] = {}

    def add(self, image: str, script: Path) -> None:
        """Let ``image`` run ``script``."""
        self._scripts[image] = script

    def find(self, uri: str, region: str) -> Image:
        """Return what the engine needs to run an image."""
        if uri not in self._scripts:
            raise ImageNotFound(uri)
        assert region == REGION
        return Image(entrypoint=(sys.executable, "-u", str(self._scripts[uri])))


class SageMaker:
    """The client under test and what a test needs around it."""

    def __init__(self, server: LocalAws, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.images = ScriptImages()
        server.images = self.images  # type: ignore[assignment]
        self._emitted: list[tuple[str, dict[str, Any]]] = []
        server.emit = self._record  # type: ignore[method-assign]
        self.client = server.client("sagemaker", REGION)
        self.runtime = server.client("sagemaker-runtime", REGION)
        self.s3 = server.client("s3", REGION)
        self.s3.create_bucket(Bucket="data")
        self.role = self._role()

    def _role(self) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        role = self.server.client("iam", REGION).create_role(
            RoleName="worker", AssumeRolePolicyDocument=json.dumps({"Statement": [statement]})
        )
        arn: str = role["Role"]["Arn"]
        return arn

    def image(self, name: str, source: str) -> str:
        """Return an image that runs the Python ``source``."""
        script = self.folder / f"{name}.py"
        script.write_text(source)
        self.images.add(f"{name}:1", script)
        return f"{name}:1"

    def put(self, key: str, body: str) -> str:
        """Store an object, return its URI."""
        self.s3.put_object(Bucket="data", Key=key, Body=body.encode())
        return f"s3://data/{key}"

    def get(self, key: str) -> bytes:
        """Return an object of the bucket."""
        body: bytes = self.s3.get_object(Bucket="data", Key=key)["Body"].read()
        return body

    def events(self, detail_type: str) -> list[dict[str, Any]]:
        """Return the details of the events of one type that SageMaker has emitted so far."""
        return [detail for kind, detail in self._emitted if kind == detail_type]

    def _record(
        self,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
    ) -> None:
        assert (region, source) == (REGION, "aws.sagemaker")
        assert all(arn.startswith("arn:aws:sagemaker:") for arn in resources)
        self._emitted.append((detail_type, json.loads(json.dumps(detail))))


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return the first true answer of ``condition``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("the condition did not come true")


@pytest.fixture
def sagemaker(localaws: LocalAws, tmp_path: Path) -> SageMaker:
    """A SageMaker with nothing in it."""
    return SageMaker(localaws, tmp_path)
