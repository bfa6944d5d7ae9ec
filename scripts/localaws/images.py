"""The image store: without Docker an image is a prepared Python environment, found through ECR."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localaws.runtime import runtime


class ImageNotFound(Exception):
    """There is no image of this URI in the store."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"image {uri} does not exist")
        self.uri = uri


@dataclass(frozen=True)
class Image:
    """What the process engine needs to run an image.

    Attributes
    ----------
    environment
        The image's ENV.
    entrypoint, command
        The image's ENTRYPOINT and CMD.
    workdir
        The image's WORKDIR.
    mounts
        Container path -> host folder, for what the image carries.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    workdir: str = ""
    mounts: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageStore:
    """Prepared images below ``folder``, by content digest."""

    folder: Path

    def find(self, uri: str, region: str) -> Image:
        """Return the image of a URI in ECR; raise `ImageNotFound` when there is none."""
        raise ImageNotFound(uri)


IMAGE_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[a-z0-9][a-z0-9._/-]*)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class ImageUri:
    """The parts of an image URI in ECR; one of tag and digest is given, ``latest`` stands for neither."""

    account: str
    region: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, uri: str) -> ImageUri:
        """Read a URI; raise `ImageNotFound` when it is not one of ECR."""
        match = IMAGE_URI.fullmatch(uri)
        if match is None:
            raise ImageNotFound(uri)
        parts = match.groupdict(default="")
        return cls(**parts)

    def pinned(self, digest: str) -> str:
        """Return the URI by digest."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.repository}@{digest}"


def find_digest(uri: str) -> str:
    """Return the digest under which ECR knows an image; raise `ImageNotFound` when it does not."""
    image = ImageUri.parse(uri)
    identity = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag or "latest"}
    ecr = runtime().client("ecr", image.region)
    try:
        answer = ecr.describe_images(
            registryId=image.account, repositoryName=image.repository, imageIds=[identity]
        )
    except ecr.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise ImageNotFound(uri) from error
        raise
    digest: str = answer["imageDetails"][0]["imageDigest"]
    return digest
