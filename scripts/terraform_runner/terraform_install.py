"""The runner's settings come in; the path of the pinned Terraform, found or fetched and checked, goes out."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from terraform_runner.runner_errors import PlatformError
from terraform_runner.runner_settings import RunnerSettings, configure_terraform

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

VERSION = "1.11.4"
SHA256 = "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc"
ARCHIVE = f"terraform_{VERSION}_linux_amd64.zip"
URL = f"https://releases.hashicorp.com/terraform/{VERSION}/{ARCHIVE}"
_PROVIDERS = "vendor/providers/"


def install(settings: RunnerSettings, s3: S3Client, to: Path) -> str:
    """Return the path of Terraform `VERSION`; with ``TERRAFORM_SOURCE=bucket`` also set up its providers.

    Raises
    ------
    PlatformError
        If it can neither be found nor fetched, or is not the one that is pinned.
    """
    if settings.terraform_source == "bucket":
        _use_provider_mirror(settings, s3, to)
    return _on_path() or _fetched(settings, s3, to)


def _on_path() -> str:
    found = shutil.which("terraform")
    if not found:
        return ""
    told = subprocess.run([found, "version", "-json"], capture_output=True, text=True, check=False)  # noqa: S603
    if told.returncode:
        return ""
    return found if json.loads(told.stdout).get("terraform_version") == VERSION else ""


def _fetched(settings: RunnerSettings, s3: S3Client, to: Path) -> str:
    to.mkdir(parents=True, exist_ok=True)
    archive = to / ARCHIVE
    if settings.terraform_source == "bucket":
        s3.download_file(settings.artifact_bucket, f"vendor/{ARCHIVE}", str(archive))
    else:
        archive.write_bytes(_download(URL))
    actual = hashlib.sha256(archive.read_bytes()).hexdigest()
    if actual != SHA256:
        raise PlatformError(f"{ARCHIVE} has SHA-256 {actual} instead of {SHA256}; it was not run.")
    with zipfile.ZipFile(archive) as content:
        program = Path(content.extract("terraform", to))
    program.chmod(0o755)
    return str(program)


def _download(url: str) -> bytes:
    try:
        response = requests.get(url, timeout=120)
        response.raise_for_status()
    except requests.RequestException as error:
        raise PlatformError(
            f"Terraform {VERSION} could not be downloaded ({error}). In an account without internet, publish with "
            "--vendor, which brings Terraform and its provider along."
        ) from error
    return response.content


def _use_provider_mirror(settings: RunnerSettings, s3: S3Client, to: Path) -> None:
    """Copy the published provider mirror here and tell Terraform to take providers from it only."""
    mirror = to / "providers"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings.artifact_bucket, Prefix=_PROVIDERS)
    for page in pages:
        for item in page.get("Contents", []):
            file = mirror / item["Key"].removeprefix(_PROVIDERS)
            file.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(settings.artifact_bucket, item["Key"], str(file))
    if not mirror.exists():
        raise PlatformError(
            "TERRAFORM_SOURCE is `bucket`, but no provider was published: use publish --vendor."
        )
    cli_config = to / "terraform.rc"
    cli_config.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n',
        encoding="utf-8",
    )
    configure_terraform(TF_CLI_CONFIG_FILE=str(cli_config))
