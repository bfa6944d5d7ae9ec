"""AWS's own images that have a stand-in here: a URI in, the folder that it is made from out (to both engines)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localaws import automl_image, wrangler_image


@dataclass(frozen=True)
class StandIn:
    """An image that is made, when wanted, from a Dockerfile of this package.

    Attributes
    ----------
    name
        What Docker's image of it is called.
    folder
        Its Dockerfile and what that copies.
    is_meant
        Tells whether a URI is one of the images that it stands in for.
    """

    name: str
    folder: Path
    is_meant: Callable[[str], bool]

    @property
    def dockerfile(self) -> Path:
        """What it is made from."""
        return self.folder / "Dockerfile"


STAND_INS = (
    StandIn("automl", automl_image.FOLDER, automl_image.is_meant),
    StandIn("data-wrangler", wrangler_image.FOLDER, wrangler_image.is_meant),
)


def stand_in(uri: str) -> StandIn | None:
    """Return what stands in for an image, None where nothing does."""
    return next((each for each in STAND_INS if each.is_meant(uri)), None)
