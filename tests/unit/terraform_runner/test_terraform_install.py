"""Terraform: the pinned one is found or fetched, and nothing else is ever run."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import boto3
import pytest

from terraform_runner import terraform_install
from terraform_runner.runner_errors import PlatformError
from terraform_runner.runner_settings import RunnerSettings
from terraform_runner.terraform_install import install

from .conftest import ARTIFACTS, REGION, STATES, zipped

PROGRAM = zipped({"terraform": b"#!/bin/sh\n"})


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")
    return folder


@pytest.fixture
def from_bucket() -> RunnerSettings:
    return settings("bucket")


def settings(source: str) -> RunnerSettings:
    return RunnerSettings.model_validate(
        {
            "request_key": "k",
            "artifact_bucket": ARTIFACTS,
            "state_bucket": STATES,
            "kms_key_arn": "k",
            "permissions_boundary_arn": "p",
            "terraform_source": source,
            "aws_region": REGION,
            "codebuild_build_id": "runner:1",
        }
    )


def vendor(session: boto3.Session, archive: bytes = PROGRAM, *, providers: bool = True) -> None:
    """Put into the bucket what `publish --vendor` puts there."""
    s3 = session.client("s3")
    s3.put_object(Bucket=ARTIFACTS, Key="vendor/terraform_1.11.4_linux_amd64.zip", Body=archive)
    if providers:
        name = "registry.terraform.io/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip"
        s3.put_object(Bucket=ARTIFACTS, Key=f"vendor/providers/{name}", Body=b"provider")


def on_path(folder: Path, version: str) -> None:
    program = folder / "terraform"
    program.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    program.chmod(0o755)


def test_the_pinned_terraform_on_the_path_is_taken(
    session: boto3.Session, path: Path, tmp_path: Path
) -> None:
    on_path(path, "1.11.4")
    program = install(settings("internet"), session.client("s3"), tmp_path / "work")
    assert program == str(path / "terraform")


def test_another_terraform_on_the_path_is_not(
    session: boto3.Session, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(path, "1.9.0")
    monkeypatch.setattr(terraform_install, "_download", lambda _: PROGRAM)
    monkeypatch.setattr(terraform_install, "SHA256", hashlib.sha256(PROGRAM).hexdigest())
    program = install(settings("internet"), session.client("s3"), tmp_path / "work")
    assert program == str(tmp_path / "work" / "terraform")
    assert os.access(program, os.X_OK)


def test_a_download_of_other_bytes_is_refused(
    session: boto3.Session, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform_install, "_download", lambda _: PROGRAM)
    with pytest.raises(PlatformError, match="was not run"):
        install(settings("internet"), session.client("s3"), tmp_path / "work")


def test_no_internet_points_to_vendoring(
    session: boto3.Session, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform_install, "URL", "http://127.0.0.1:9/terraform.zip")
    with pytest.raises(PlatformError, match="--vendor"):
        install(settings("internet"), session.client("s3"), tmp_path / "work")


def test_the_bucket_gives_terraform_and_the_only_providers(
    session: boto3.Session,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    from_bucket: RunnerSettings,
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "")
    monkeypatch.setattr(terraform_install, "SHA256", hashlib.sha256(PROGRAM).hexdigest())
    vendor(session)
    install(from_bucket, session.client("s3"), tmp_path / "work")
    mirror = tmp_path / "work" / "providers"
    assert [p.name for p in mirror.rglob("*.zip")] == ["terraform-provider-aws_5.100.0_linux_amd64.zip"]
    assert f'path = "{mirror}"' in Path(os.environ["TF_CLI_CONFIG_FILE"]).read_text()


def test_a_bucket_with_other_bytes_is_refused(
    session: boto3.Session,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    from_bucket: RunnerSettings,
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "")
    vendor(session, zipped({"terraform": b"evil"}))
    with pytest.raises(PlatformError, match="was not run"):
        install(from_bucket, session.client("s3"), tmp_path / "work")


def test_a_bucket_without_providers_is_told(
    session: boto3.Session, path: Path, tmp_path: Path, from_bucket: RunnerSettings
) -> None:
    vendor(session, providers=False)
    with pytest.raises(PlatformError, match="no provider was published"):
        install(from_bucket, session.client("s3"), tmp_path / "work")
