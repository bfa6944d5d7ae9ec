"""What the runner's tests share: AWS as moto plays it, real events, and a bundle."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws
from terraform_runner.cloudformation_reply import Outcome
from terraform_runner.lifecycle import Lifecycle
from terraform_runner.project_request import ProjectRequest
from terraform_runner.runner_settings import RunnerSettings

ROOT = Path(__file__).resolve().parents[3]
REGION: Final = "eu-central-1"
ARTIFACTS, STATES = "artifacts", "states"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Give a session of an account with the platform's two buckets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = boto3.Session(region_name=REGION)
        for bucket in (ARTIFACTS, STATES):
            made.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        yield made


def real_event(kind: str) -> dict[str, Any]:
    """Return CloudFormation's event of this kind (``create`` ...)."""
    text = (ROOT / "tests" / "events" / f"cloudformation-{kind}.json").read_text()
    event: dict[str, Any] = json.loads(text)
    return event


def request_of(kind: str, **changes: Any) -> ProjectRequest:
    """Return the request in the event of this kind, with other top-level fields."""
    return ProjectRequest.parse(json.dumps({**real_event(kind), **changes}).encode())


def zipped(files: Mapping[str, bytes], executable: tuple[str, ...] = ()) -> bytes:
    """Return an archive of ``files``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def published(session: boto3.Session, archive: bytes) -> dict[str, str]:
    """Put a bundle where `publish` puts it; return the properties that name it."""
    sha256 = hashlib.sha256(archive).hexdigest()
    session.client("s3").put_object(Bucket=ARTIFACTS, Key=f"bundles/{sha256[:16]}.zip", Body=archive)
    return {"TemplateVersion": sha256[:16], "TemplateSha256": sha256}


@pytest.fixture
def settings(tmp_path: Path) -> RunnerSettings:
    return RunnerSettings(
        request_key="requests/1/event.json",
        artifact_bucket=ARTIFACTS,
        state_bucket=STATES,
        kms_key_arn="arn:aws:kms:eu-central-1:123456789012:key/1",
        permissions_boundary_arn="arn:aws:iam::123456789012:policy/boundary",
        aws_region=REGION,
        codebuild_build_id="runner:1",
        codebuild_src_dir=tmp_path,
    )


def run(session: boto3.Session, settings: RunnerSettings, request: ProjectRequest) -> Outcome:
    """Carry a request out."""
    return Lifecycle(settings, request, session, lambda _: None).run()


def rolled_back(update: ProjectRequest, created: ProjectRequest) -> ProjectRequest:
    """Return what CloudFormation asks for when ``update`` has failed: an update to what ``created`` made."""
    return update.model_copy(
        update={
            "resource_properties": created.resource_properties,
            "old_resource_properties": update.resource_properties,
        }
    )


@pytest.fixture
def localaws(tmp_path: Path) -> Iterator[LocalAws]:
    """Serve an account that has what moto alone lacks."""
    server = LocalAws(tmp_path / "localaws", image_cache=tmp_path / "images")
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()
