"""Deploy to S3: an artifact comes in; as one object, or as one for each of its files, it goes out to a bucket."""

from __future__ import annotations

import io
import mimetypes
import zipfile
from collections.abc import Mapping

from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import ActionFailed

_SETTINGS = {"CacheControl": "CacheControl", "CannedACL": "ACL", "KMSEncryptionKeyARN": "SSEKMSKeyId"}


def run(context: ActionContext) -> None:
    """Carry out the action."""
    given = context.configuration
    [location] = context.run.inputs.values()
    content, place = context.store.get(location), given.get("ObjectKey", "").strip("/")
    if given["Extract"] == "true":
        for name, body in _files(content).items():
            _put(context, f"{place}/{name}".lstrip("/"), body)
    elif place:
        _put(context, place, content)
    else:
        raise ActionFailed("ObjectKey is required where Extract is false", "ConfigurationError")


def _files(content: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}


def _put(context: ActionContext, key: str, body: bytes) -> None:
    given = context.configuration
    settings = {name: given[key] for key, name in _SETTINGS.items() if key in given}
    if "SSEKMSKeyId" in settings:
        settings["ServerSideEncryption"] = "aws:kms"
    kind = mimetypes.guess_type(key)[0]
    settings |= {"ContentType": kind} if kind else {}
    context.client("s3").put_object(Bucket=given["BucketName"], Key=key, Body=body, **settings)
