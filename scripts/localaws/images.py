"""The image store: without Docker an image is a prepared Python environment, found through ECR."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ImageNotFound(Exception):
    """There is no image of this URI in the store."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"image {uri} does not exist")
        self.uri = uri


@dataclass(frozen=True)
class ImageStore:
    """Prepared images below ``folder``, by content digest."""

    folder: Path
