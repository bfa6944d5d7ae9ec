"""AWS's own images that have a stand-in here: a URI in, the folder that it is made from out (to both engines)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localaws import automl_image, framework_images, wrangler_image
from localaws.framework_images.context import context


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
    build_args
        What its Dockerfile is given.
    """

    name: str
    folder: Path
    is_meant: Callable[[str], bool]
    build_args: Mapping[str, str] = field(default_factory=dict)

    @property
    def dockerfile(self) -> Path:
        """What it is made from."""
        return self.folder / "Dockerfile"


STAND_INS = (
    StandIn("automl", automl_image.FOLDER, automl_image.is_meant),
    StandIn("data-wrangler", wrangler_image.FOLDER, wrangler_image.is_meant),
)


def stand_in(uri: str) -> StandIn | None:
    """Return what stands in for an image, None where nothing does.

    Raises
    ------
    localaws.framework_images.UnknownTag
        When the repository is known, and this image of it is not.
    """
    found = next((each for each in STAND_INS if each.is_meant(uri)), None)
    return found or _framework(uri)


def _framework(uri: str) -> StandIn | None:
    image = framework_images.find(uri)
    if image is None:
        return None
    # The folder is made when an image is wanted, since what is in it depends on the machine.
    return StandIn(
        f"{image.framework}-{image.command}",
        context(image.framework),
        functools.partial(str.__eq__, uri),
        {"FRAMEWORK": image.framework, "COMMAND": image.command},
    )
