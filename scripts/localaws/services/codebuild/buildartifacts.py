"""The artifacts of a build: files by the buildspec's patterns come in, objects in S3 go out."""

from __future__ import annotations

import fnmatch
import io
import string
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.runtime import runtime
from localaws.services.codebuild.buildfaults import PhaseFailed
from localaws.services.codebuild.builds import Build, Location
from localaws.services.codebuild.buildspec import ArtifactSpec, Buildspec


def upload_artifacts(build: Build, spec: Buildspec, source: Path, environment: Mapping[str, str]) -> None:
    """Upload what the buildspec names to where the pipeline or the project wants it."""
    try:
        if build.binding:
            _upload_outputs(build, spec, source)
        else:
            _upload_configured(build, spec, source, environment)
    except ClientError as error:
        raise PhaseFailed("CLIENT_ERROR", f"Error while uploading artifacts: {error}") from error


def _upload_outputs(build: Build, spec: Buildspec, source: Path) -> None:
    binding = build.binding
    if binding is None:
        return
    for name, location in binding.outputs.items():
        wanted = spec.secondary_artifacts.get(name)
        if wanted is None and len(binding.outputs) == 1:
            wanted = spec.artifacts
        if wanted is None:
            raise PhaseFailed("CLIENT_ERROR", f"no definition for artifact {name} in the buildspec")
        _put(build, location, pack(collect(source, wanted)), binding.encryption_key or _key(build))
        described = {"location": f"arn:aws:s3:::{location.bucket}/{location.key}"}
        if build.artifacts:
            build.secondary_artifacts.append({**described, "artifactIdentifier": name})
        else:
            build.artifacts = described


def _upload_configured(build: Build, spec: Buildspec, source: Path, environment: Mapping[str, str]) -> None:
    configured = build.settings["artifacts"]
    if configured["type"] == "S3":
        if spec.artifacts is None:
            raise PhaseFailed("CLIENT_ERROR", "no artifacts section in the buildspec")
        build.artifacts = _upload_s3(build, configured, spec.artifacts, source, environment)
    for secondary in build.settings["secondaryArtifacts"]:
        identifier = secondary.get("artifactIdentifier", "")
        wanted = spec.secondary_artifacts.get(identifier)
        if wanted is None:
            raise PhaseFailed("CLIENT_ERROR", f"no definition for artifact {identifier} in the buildspec")
        described = _upload_s3(build, secondary, wanted, source, environment)
        build.secondary_artifacts.append({**described, "artifactIdentifier": identifier})


def _upload_s3(
    build: Build,
    configured: Mapping[str, Any],
    wanted: ArtifactSpec,
    source: Path,
    environment: Mapping[str, str],
) -> dict[str, Any]:
    name = configured["name"]
    if wanted.name and configured.get("overrideArtifactName"):
        name = string.Template(wanted.name).safe_substitute(environment)
    parts = [configured.get("path", "").strip("/")]
    if configured.get("namespaceType") == "BUILD_ID":
        parts.append(build.uuid)
    prefix = "/".join(part for part in (*parts, name.strip("/")) if part)
    bucket, key = configured["location"], "" if configured.get("encryptionDisabled") else _key(build)
    files = collect(source, wanted)
    if configured["packaging"] == "ZIP":
        _put(build, Location(bucket, prefix), pack(files), key)
    else:
        for path, file in files.items():
            _put(build, Location(bucket, f"{prefix}/{path}"), file.read_bytes(), key)
    return {"location": f"arn:aws:s3:::{bucket}/{prefix}", "encryptionDisabled": not key}


def _key(build: Build) -> str:
    return str(build.settings["encryptionKey"])


def _put(build: Build, location: Location, content: bytes, key: str) -> None:
    arguments = {"ServerSideEncryption": "aws:kms"} if key else {}
    if key and not key.endswith(":alias/aws/s3"):
        arguments["SSEKMSKeyId"] = key
    client = runtime().client("s3", build.region, build.role)
    client.put_object(Bucket=location.bucket, Key=location.key, Body=content, **arguments)


def collect(source: Path, wanted: ArtifactSpec) -> dict[str, Path]:
    """Return the files that an artifact takes, by their paths in it."""
    found: dict[str, Path] = {}
    for base in _bases(source, wanted.base_directory):
        for pattern in wanted.files:
            for path in _matches(base, pattern):
                inside = path.relative_to(base).as_posix()
                if not any(fnmatch.fnmatch(inside, excluded) for excluded in wanted.exclude):
                    found[path.name if wanted.discard_paths else inside] = path
    if not found:
        patterns = ", ".join(wanted.files)
        raise PhaseFailed("CLIENT_ERROR", f"no matching artifact paths found: {patterns}")
    return dict(sorted(found.items()))


def _bases(source: Path, pattern: str) -> list[Path]:
    if not pattern:
        return [source]
    # All sources lie side by side, and an artifact may come from each.
    all_sources = f"{source.parent}/"
    root = source.parent if pattern.startswith(all_sources) else source
    relative = pattern.removeprefix(all_sources).strip("/")
    folders = [path for path in root.glob(relative) if path.is_dir()]
    if not folders:
        raise PhaseFailed("CLIENT_ERROR", f"no matching base directory path found for {pattern}")
    return folders


def _matches(base: Path, pattern: str) -> list[Path]:
    pattern = pattern.removeprefix("./")
    if Path(pattern).is_absolute():
        path = Path(pattern)
        return [path] if path.is_file() and path.is_relative_to(base) else []
    return [path for path in base.glob(pattern) if path.is_file() or path.is_symlink()]


def pack(files: Mapping[str, Path]) -> bytes:
    """Return a zip archive of files by their paths in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, path in files.items():
            archive.write(path, name)
    return buffer.getvalue()
