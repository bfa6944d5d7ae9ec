"""An ECR repository: which digest a tag has, and the credentials with which Docker pushes; used by `build`."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from failures import PlatformError, UserError

URI = re.compile(
    r"^(?P<host>(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?)/(?P<name>[a-z0-9._/-]+)$"
)


@dataclass(frozen=True)
class Repository:
    """An ECR repository, by the parts of its URI."""

    host: str
    account: str
    region: str
    name: str

    @property
    def uri(self) -> str:
        return f"{self.host}/{self.name}"

    @classmethod
    def parse(cls, uri: str) -> Repository:
        """Read ``<account>.dkr.ecr.<region>.amazonaws.com/<name>``."""
        match = URI.match(uri)
        if match is None:
            raise UserError(
                f"{uri!r} is not the URI of an ECR repository without a tag: see IMAGE_REPOSITORY_URI"
            )
        return cls(match["host"], match["account"], match["region"], match["name"])


def find_digest(ecr: Any, repository: Repository, tag: str) -> str | None:
    """Return the digest of the image with ``tag``, or None when there is no such image."""
    try:
        answer = ecr.describe_images(
            registryId=repository.account, repositoryName=repository.name, imageIds=[{"imageTag": tag}]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            return None
        raise PlatformError(f"cannot look for {tag} in {repository.uri}: {error}") from error
    except BotoCoreError as error:
        raise PlatformError(f"cannot reach ECR: {error}") from error
    digest: str = answer["imageDetails"][0]["imageDigest"]
    return digest


def push_password(ecr: Any) -> str:
    """Return the password of the user ``AWS`` for ``docker login``."""
    try:
        answer = ecr.get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise PlatformError(f"cannot get credentials for pushing: {error}") from error
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    return token.partition(":")[2]
