"""The artifact store: contents of artifacts go into S3 as CodePipeline puts them there, and files come back out."""

from __future__ import annotations

import io
import secrets
import string
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.runtime import runtime
from localaws.services.codebuild.builds import Location
from localaws.services.codepipeline.pipelinefaults import ActionFailed

ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class ArtifactStore:
    """The bucket of one pipeline, reached as ``role_arn``."""

    pipeline: str
    bucket: str
    encryption_key: str
    region: str
    role_arn: str

    def new_location(self, artifact: str) -> Location:
        """Return where the next revision of an artifact belongs."""
        suffix = "".join(secrets.choice(ALPHABET) for _ in range(7))
        return Location(self.bucket, f"{self.pipeline[:20]}/{artifact[:10]}/{suffix}")

    def put(self, location: Location, content: bytes) -> None:
        """Store an artifact, encrypted with the pipeline's key."""
        arguments = {"ServerSideEncryption": "aws:kms"}
        if self.encryption_key:
            arguments["SSEKMSKeyId"] = self.encryption_key
        self._s3().put_object(Bucket=location.bucket, Key=location.key, Body=content, **arguments)

    def get(self, location: Location) -> bytes:
        """Return an artifact."""
        return bytes(self._s3().get_object(Bucket=location.bucket, Key=location.key)["Body"].read())

    def read_file(self, artifacts: Mapping[str, Location], reference: str) -> str:
        """Return a file of an input artifact, given as ``<artifact>::<path>``."""
        name, separator, path = reference.partition("::")
        if not separator or name not in artifacts:
            raise ActionFailed(f"{reference} does not name a file of an input artifact", "ConfigurationError")
        with zipfile.ZipFile(io.BytesIO(self.get(artifacts[name]))) as archive:
            try:
                return archive.read(path).decode()
            except KeyError:
                raise ActionFailed(
                    f"File [{path}] does not exist in artifact [{name}]", "ConfigurationError"
                ) from None

    def put_file(self, location: Location, name: str, text: str) -> None:
        """Store an artifact of one file."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, text)
        self.put(location, buffer.getvalue())

    def _s3(self) -> Any:
        return runtime().client("s3", self.region, self.role_arn)
