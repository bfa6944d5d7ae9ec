"""The source of a build: settings and S3 objects or commits come in, folders with files and the buildspec go out."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.iam.implied import may_use_connection
from localaws.runtime import runtime
from localaws.services.codebuild.buildfaults import PhaseFailed
from localaws.services.codebuild.builds import Build, Location
from localaws.services.codebuild.buildspec import is_inline
from localaws.services.codecommit.repositories import Repository, repositories_of
from localaws.services.codeconnections.models import connection_by_arn
from localaws.services.codeconnections.provider_repositories import store_of

DEFAULT_BUILDSPEC = "buildspec.yml"
ZIP_MAGIC = b"PK"


@dataclass
class Sources:
    """Where sources lie: one folder is CODEBUILD_SRC_DIR, the others CODEBUILD_SRC_DIR_<name>."""

    primary: Path
    secondary: dict[str, Path] = field(default_factory=dict)


def lay_out(build: Build, root: Path) -> Sources:
    """Make the folders below ``root`` (the container's /codebuild/output/src) before anything is downloaded."""
    names = _secondary_names(build)
    sources = Sources(root / "s3" / "00", {name: root / "s3" / f"{i:02}" for i, name in enumerate(names, 1)})
    for folder in (sources.primary, *sources.secondary.values()):
        folder.mkdir(parents=True)
    return sources


def _secondary_names(build: Build) -> list[str]:
    if build.binding:
        return [name for name in build.binding.inputs if name != build.binding.primary]
    return [one["sourceIdentifier"] for one in build.settings["secondarySources"]]


def download(build: Build, sources: Sources) -> None:
    """Fetch every source; raise ``PhaseFailed`` with words for who reads the build."""
    try:
        if build.binding:
            _download_inputs(build, sources)
        else:
            _download_configured(build, sources)
    except ClientError as error:
        raise PhaseFailed("CLIENT_ERROR", str(error)) from error


def _download_inputs(build: Build, sources: Sources) -> None:
    binding = build.binding
    if binding is None:
        return
    for name, location in binding.inputs.items():
        _fetch_artifact(
            build, location, sources.primary if name == binding.primary else sources.secondary[name]
        )
    primary = binding.inputs[binding.primary]
    build.resolved_source_version = binding.revision
    build.source_version = f"arn:aws:s3:::{primary.bucket}/{primary.key}"


def _fetch_artifact(build: Build, location: Location, folder: Path) -> None:
    """Unpack an artifact; one that only refers to a commit is cloned with its history."""
    content = _s3(build).get_object(Bucket=location.bucket, Key=location.key)["Body"].read()
    if content[:2] == ZIP_MAGIC:
        unpack(content, folder)
    else:
        reference = json.loads(content)
        if "ConnectionArn" in reference:
            _clone_by_connection(build, reference, folder)
        else:
            _clone(build, reference["RepositoryName"], reference["CommitId"], folder)


def _clone_by_connection(build: Build, reference: Mapping[str, str], folder: Path) -> None:
    arn, name = reference["ConnectionArn"], reference["FullRepositoryId"]
    connection = connection_by_arn(arn)
    if connection is None or not may_use_connection(build.role, arn, name):
        raise PhaseFailed("CLIENT_ERROR", f"the build's role may not use the connection {arn}")
    store = store_of(connection.provider, name)
    if store is None:
        raise PhaseFailed("CLIENT_ERROR", f"{connection.provider} has no repository {name}")
    store.clone(folder, reference["CommitId"], connection.git_url(name))


def _download_configured(build: Build, sources: Sources) -> None:
    settings = build.settings
    build.resolved_source_version = _download_one(
        build, settings["source"], build.source_version, sources.primary
    )
    versions = {one["sourceIdentifier"]: one["sourceVersion"] for one in settings["secondarySourceVersions"]}
    for source in settings["secondarySources"]:
        name = source["sourceIdentifier"]
        _download_one(build, source, versions.get(name, ""), sources.secondary[name])


def _download_one(build: Build, source: dict[str, Any], version: str, folder: Path) -> str:
    downloads: dict[str, Callable[[Build, str, str, Path], str]] = {
        "S3": _download_s3,
        "CODECOMMIT": _download_commit,
    }
    download_kind = downloads.get(source["type"])
    return download_kind(build, source["location"], version, folder) if download_kind else ""


def _download_s3(build: Build, location: str, version: str, folder: Path) -> str:
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    if key.endswith("/") or not key:
        return _download_prefix(build, bucket, key, folder)
    arguments = {"VersionId": version} if version else {}
    answer = _s3(build).get_object(Bucket=bucket, Key=key, **arguments)
    content = answer["Body"].read()
    if content[:2] != ZIP_MAGIC:
        raise PhaseFailed("CLIENT_ERROR", f"the S3 source {location} is not a zip archive")
    unpack(content, folder)
    return str(answer.get("VersionId", ""))


def _download_prefix(build: Build, bucket: str, prefix: str, folder: Path) -> str:
    client = _s3(build)
    for listed in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in listed.get("Contents", []):
            target = _inside(folder, item["Key"].removeprefix(prefix))
            if not item["Key"].endswith("/"):
                target.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(bucket, item["Key"], str(target))
    return ""


def _download_commit(build: Build, location: str, version: str, folder: Path) -> str:
    return _clone(build, location.rstrip("/").rsplit("/", 1)[-1], version, folder)


def _clone(build: Build, name: str, version: str, folder: Path) -> str:
    repository: Repository | None = repositories_of(build.account, build.region).by_name.get(name)
    if repository is None:
        raise PhaseFailed("CLIENT_ERROR", f"the CodeCommit repository {name} does not exist")
    wanted = version or repository.default_branch
    commit_id = repository.git.resolve(wanted) if wanted else None
    if commit_id is None:
        raise PhaseFailed(
            "CLIENT_ERROR", f"reference not found for {wanted or 'the default branch'} in {name}"
        )
    repository.git.clone(folder, commit_id, repository.metadata()["cloneUrlHttp"])
    return commit_id


def unpack(content: bytes, folder: Path) -> None:
    """Unpack a zip archive with the modes and links that it records."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            target = _inside(folder, info.filename)
            mode = info.external_attr >> 16
            if info.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if mode & 0o170000 == 0o120000:
                target.symlink_to(archive.read(info).decode())
                continue
            with archive.open(info) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            if mode & 0o111:
                target.chmod(0o755)


def _inside(folder: Path, name: str) -> Path:
    target = folder / name
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise PhaseFailed("CLIENT_ERROR", f"the source has a path outside of itself: {name}")
    return target


def read_buildspec(build: Build, source: Path) -> str:
    """Return the buildspec's text: inline, from S3 by ARN, or from the source."""
    configured = build.settings["source"].get("buildspec") or DEFAULT_BUILDSPEC
    if is_inline(configured):
        return str(configured)
    if configured.startswith("arn:"):
        bucket, _, key = configured.split(":::", 1)[-1].partition("/")
        try:
            return str(_s3(build).get_object(Bucket=bucket, Key=key)["Body"].read().decode())
        except ClientError as error:
            raise PhaseFailed("YAML_FILE_ERROR", f"{configured}: {error}") from error
    path = source / configured
    if not path.is_file():
        raise PhaseFailed("YAML_FILE_ERROR", f"YAML file does not exist: {configured}")
    return path.read_text()


def _s3(build: Build) -> Any:
    return runtime().client("s3", build.region, build.role)
