"""Moves data between S3 and a container's folders, with the credentials of the container's role."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.archives import extract


class StorageError(Exception):
    """S3 said no; the message is what the job's FailureReason tells."""


class Bucket:
    """S3 as one role sees it.

    Parameters
    ----------
    client
        boto3's S3 client of that role.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def keys(self, uri: str) -> list[str]:
        """Return the keys that begin with the prefix ``uri``, in order, without those of folders."""
        bucket, prefix = split_uri(uri)
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise StorageError(f"Failed to list {uri}: {error}") from error
        return [key for key in keys if not key.endswith("/")]

    def download(self, uri: str, folder: Path) -> int:
        """Copy every object whose key begins with the prefix ``uri`` into ``folder``; return how many."""
        keys = self.keys(uri)
        self.download_keys(uri, keys, folder)
        return len(keys)

    def download_keys(self, uri: str, keys: Sequence[str], folder: Path) -> None:
        """Copy some of the objects below the prefix ``uri`` into ``folder``."""
        bucket, prefix = split_uri(uri)
        try:
            for key in keys:
                target = folder / relative_key(key, prefix)
                target.parent.mkdir(parents=True, exist_ok=True)
                self._client.download_file(bucket, key, str(target))
        except (ClientError, BotoCoreError, OSError) as error:
            raise StorageError(f"Failed to download data from {uri}: {error}") from error

    def read(self, uri: str) -> bytes:
        """Return one object."""
        bucket, key = split_uri(uri)
        try:
            body: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise StorageError(f"Failed to read {uri}: {error}") from error
        return body

    def etag(self, uri: str) -> str:
        """Return the ETag of one object, and so tell that it is there and may be read."""
        bucket, key = split_uri(uri)
        try:
            etag: str = self._client.head_object(Bucket=bucket, Key=key)["ETag"]
        except (ClientError, BotoCoreError) as error:
            raise StorageError(f"Could not access {uri}: {error}") from error
        return etag.strip('"')

    def upload_folder(self, folder: Path, uri: str, kms_key: str = "") -> None:
        """Copy the files below ``folder`` to the prefix ``uri``."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.upload(path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}", kms_key)

    def upload(self, path: Path, uri: str, kms_key: str = "") -> None:
        """Copy a file to the object ``uri``."""
        bucket, key = split_uri(uri)
        try:
            self._client.upload_file(str(path), bucket, key, ExtraArgs=_encryption(kms_key))
        except (ClientError, BotoCoreError, OSError) as error:
            raise StorageError(f"Failed to upload {uri}: {error}") from error

    def write(self, uri: str, body: bytes, kms_key: str = "") -> None:
        """Put ``body`` at the object ``uri``."""
        bucket, key = split_uri(uri)
        try:
            self._client.put_object(Bucket=bucket, Key=key, Body=body, **_encryption(kms_key))
        except (ClientError, BotoCoreError) as error:
            raise StorageError(f"Failed to write {uri}: {error}") from error


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of ``s3://bucket/key``."""
    if not uri.startswith("s3://"):
        raise StorageError(f"{uri} is not an S3 URI (s3://bucket/key)")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def pack(folders: Sequence[Path], archive: Path) -> None:
    """Write what is in ``folders`` into one tar.gz, as SageMaker packs a model; of a name the first wins."""
    packed = set()
    with tarfile.open(archive, "w:gz") as tar:
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if name not in packed:
                    tar.add(path, arcname=name, recursive=False)
                    packed.add(name)


def unpack(archive: Path, folder: Path) -> None:
    """Extract a tar.gz; members that would leave ``folder`` are refused."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            extract(tar, folder)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise StorageError(f"Failed to extract model data archive: {error}") from error


def _encryption(kms_key: str) -> dict[str, str]:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}


def relative_key(key: str, prefix: str) -> str:
    """Return where below a folder the object of a prefix goes."""
    if key == prefix:
        return posixpath.basename(key)
    folder = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
    if key.startswith(folder):
        return key[len(folder) :]
    return key[len(posixpath.dirname(prefix)) :].lstrip("/")
