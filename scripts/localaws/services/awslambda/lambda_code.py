"""Deployment packages: an archive from the call or from S3 is unpacked, an image is found in ECR and pinned."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.core.exceptions import ServiceException

from localaws.images import ImageNotFound, ImageUri, find_digest
from localaws.runtime import runtime
from localaws.services.awslambda.lambda_model import Code, invalid

UNPACKED_LIMIT = 262_144_000
_lock = threading.Lock()


def load(package: Mapping[str, Any], account: str, region: str) -> Code:
    """Return the code that a call's parameters (``ZipFile``, ``S3Bucket`` ..., ``ImageUri``) name."""
    if package.get("ImageUri"):
        return _load_image(package["ImageUri"])
    if package.get("ZipFile"):
        archive = package["ZipFile"]
        return _unpack(archive if isinstance(archive, bytes) else base64.b64decode(archive))
    if package.get("S3Bucket") and package.get("S3Key"):
        return _unpack(_fetch(package, account, region))
    raise invalid("Please provide a source for function code.")


def _fetch(package: Mapping[str, Any], account: str, region: str) -> bytes:
    s3 = runtime().client("s3", region, account=account)
    where = {"Bucket": package["S3Bucket"], "Key": package["S3Key"]}
    if package.get("S3ObjectVersion"):
        where["VersionId"] = package["S3ObjectVersion"]
    try:
        body: bytes = s3.get_object(**where)["Body"].read()
    except s3.exceptions.ClientError as error:
        details = error.response["Error"]
        raise invalid(
            f"Error occurred while GetObject. S3 Error Code: {details['Code']}. "
            f"S3 Error Message: {details['Message']}"
        ) from error
    return body


def _unpack(archive: bytes) -> Code:
    digest = hashlib.sha256(archive)
    folder = runtime().data / "lambda" / "code" / digest.hexdigest()
    file = folder.with_suffix(".zip")
    with _lock:
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            _extract(archive, folder)
            file.write_bytes(archive)
    return Code(
        sha256=base64.b64encode(digest.digest()).decode(),
        size=len(archive),
        folder=folder,
        archive_url=file.as_uri(),
    )


def _extract(archive: bytes, folder: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as package:
            if sum(entry.file_size for entry in package.infolist()) > UNPACKED_LIMIT:
                raise invalid(f"Unzipped size must be smaller than {UNPACKED_LIMIT} bytes")
            partial = folder.with_suffix(".partial")
            for entry in package.infolist():
                path = Path(package.extract(entry, partial))
                mode = entry.external_attr >> 16
                if mode and not entry.is_dir():
                    path.chmod(mode & 0o777)
            partial.mkdir(exist_ok=True)
            partial.rename(folder)
    except zipfile.BadZipFile as error:
        raise invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error


def _load_image(uri: str) -> Code:
    try:
        image = ImageUri.parse(uri)
        digest = find_digest(uri)
    except ImageNotFound as error:
        raise invalid(f"Source image {uri} does not exist. Provide a valid source image.") from error
    return Code(
        sha256=digest.removeprefix("sha256:"), size=0, image_uri=uri, resolved_image_uri=image.pinned(digest)
    )


def check_precondition(given: str | None, actual: str) -> None:
    """Refuse a change that was meant for another revision."""
    if given and given != actual:
        raise ServiceException(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API "
            "to retrieve the latest Revision Id",
        )
