"""Staged files in, objects in the project's bucket out; also tells what an object elsewhere holds (to `deployment`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from mlpipelines.pipeline_errors import PlatformError, UserError
from mlpipelines.step_code import LAUNCHER, Upload

CHUNK = 1024 * 1024
NOT_FOUND = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


def upload(s3: Any, bucket: str, kms_key_arn: str, uploads: Iterable[Upload]) -> None:
    """Put what is not there yet. A folder's launcher comes last, so that its being there says that all is."""
    uploads = list(uploads)
    done = {
        upload.key.rpartition("/")[0]
        for upload in uploads
        if upload.key.endswith(f"/{LAUNCHER}") and _exists(s3, bucket, upload.key)
    }
    for each in uploads:
        if not any(each.key.startswith(f"{folder}/") for folder in done):
            s3.put_object(
                Bucket=bucket,
                Key=each.key,
                Body=each.content,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=kms_key_arn,
            )


def hash_object(s3: Any, uri: str) -> str:
    """Return the SHA-256 of the object at ``uri``.

    Raises
    ------
    UserError
        When there is no such object, or it is empty.
    PlatformError
        When it cannot be read.
    """
    parts = urlsplit(uri)
    digest = hashlib.sha256()
    try:
        answer = s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
        for chunk in answer["Body"].iter_chunks(CHUNK):
            digest.update(chunk)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            raise UserError(
                f"there is no object {uri}: the data must be s3://bucket/key of a file"
            ) from error
        raise PlatformError(f"cannot read the data at {uri}: {error}") from error
    if answer["ContentLength"] == 0:
        raise UserError(f"the data at {uri} is empty")
    return digest.hexdigest()


def _exists(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return False
        raise
    return True
