"""What builds of a project keep between them: paths in the source go out as one archive and come back the next time."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.archives import extract
from localaws.runtime import runtime
from localaws.services.codebuild.builds import Build


def restore(build: Build, source: Path) -> bool:
    """Unpack the cache into the source; tell whether there was one."""
    content = _load(build)
    if content is None:
        return False
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        extract(archive, source)
    return True


def save(build: Build, source: Path, paths: Sequence[str]) -> list[str]:
    """Archive the paths; return those that lie outside of the source and cannot be kept."""
    if build.settings["cache"]["type"] == "NO_CACHE" or not paths:
        return []
    inside: list[str] = []
    outside: list[str] = []
    for pattern in paths:
        relative = pattern.removeprefix(f"{source}/").removeprefix("./")
        (outside if relative.startswith(("/", "~")) else inside).append(relative)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted({path for pattern in inside for path in source.glob(pattern) if path.is_file()}):
            archive.add(path, path.relative_to(source).as_posix(), recursive=False)
    _store(build, buffer.getvalue())
    return outside


def forget(account: str, region: str, project: str) -> None:
    """Drop a project's local cache."""
    _local(account, region, project).unlink(missing_ok=True)


def _load(build: Build) -> bytes | None:
    kind = build.settings["cache"]["type"]
    if kind == "LOCAL":
        path = _local(build.account, build.region, build.project)
        return path.read_bytes() if path.exists() else None
    if kind == "S3":
        bucket, key = _object(build)
        with contextlib.suppress(ClientError):
            return bytes(_s3(build).get_object(Bucket=bucket, Key=key)["Body"].read())
    return None


def _store(build: Build, content: bytes) -> None:
    if build.settings["cache"]["type"] == "LOCAL":
        path = _local(build.account, build.region, build.project)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return
    bucket, key = _object(build)
    _s3(build).put_object(Bucket=bucket, Key=key, Body=content)


def _local(account: str, region: str, project: str) -> Path:
    return runtime().data / "codebuild" / "cache" / account / region / f"{project}.tar.gz"


def _object(build: Build) -> tuple[str, str]:
    bucket, _, prefix = build.settings["cache"]["location"].partition("/")
    digest = hashlib.sha256(build.project_arn.encode()).hexdigest()
    return bucket, "/".join(part for part in (prefix.strip("/"), digest) if part)


def _s3(build: Build) -> Any:
    return runtime().client("s3", build.region, build.role)
