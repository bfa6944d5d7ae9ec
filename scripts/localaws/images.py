"""The image store: without Docker an image is a prepared Python environment, found through ECR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
