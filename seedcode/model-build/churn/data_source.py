"""The data location in (or none), the location and content hash of what will be trained on out (to `run_pipeline`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from churn.errors import PlatformError, UserError
from churn.synthetic import make_customers

CHUNK = 1024 * 1024
NOT_FOUND = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


@dataclass(frozen=True)
class DataSource:
    """One object in S3 and the SHA-256 of its bytes."""

    uri: str
    sha256: str


def locate_data(s3: Any, data_location: str, bucket: str, kms_key_arn: str) -> DataSource:
    """Hash the object at ``data_location``; without one, put sample customers into ``bucket`` and use those.

    Raises
    ------
    UserError
        When there is no such object, or it is empty.
    PlatformError
        When it cannot be read.
    """
    if data_location:
        return DataSource(data_location, _hash_object(s3, data_location))
    return _upload_sample(s3, bucket, kms_key_arn)


def _hash_object(s3: Any, uri: str) -> str:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    digest = hashlib.sha256()
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
        for chunk in answer["Body"].iter_chunks(CHUNK):
            digest.update(chunk)
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            raise UserError(
                f"there is no object {uri}: DataLocation must be s3://bucket/key of a CSV file"
            ) from error
        raise PlatformError(f"cannot read the data at {uri}: {error}") from error
    if answer["ContentLength"] == 0:
        raise UserError(f"the data at {uri} is empty")
    return digest.hexdigest()


def _upload_sample(s3: Any, bucket: str, kms_key_arn: str) -> DataSource:
    content = make_customers().encode()
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"data/sample/{sha256}.csv"
    s3.put_object(
        Bucket=bucket, Key=key, Body=content, ServerSideEncryption="aws:kms", SSEKMSKeyId=kms_key_arn
    )
    return DataSource(f"s3://{bucket}/{key}", sha256)
