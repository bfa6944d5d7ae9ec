"""AWS's Deep Learning Containers that have a stand-in here: a URI in, the command and framework of its image out.

Known are the images by repository and tag. What stands in for one has the framework on this machine's Python, of a
version that an index has for processors alone: near the image's own, not always the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
# The accounts that AWS keeps these images in, one for most regions.
ACCOUNTS = (
    "763104351884", "204538143572", "217643126080", "364406365360", "380420809688", "442386744353",
    "446045086412", "457447274322", "503227376785", "626614931356", "692866216735", "727897471807",
    "550225433462", "590183813437", "633930458069", "637423239942", "772153158452", "780543022126",
    "871362719292", "907027046896", "914824155844", "975050140332",
)  # fmt: skip
_URI = re.compile(
    rf"(?:{'|'.join(ACCOUNTS)})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(?P<repository>[\w.-]+)(?::(?P<tag>[\w.-]+))?"
)


@dataclass(frozen=True)
class FrameworkImage:
    """A repository of AWS's.

    Attributes
    ----------
    framework
        What the stand-in is made with: a lock beside this file is named after it.
    command
        What SageMaker can run in it: `train` or `serve`.
    tags
        Patterns of the tags that it stands in for.
    """

    framework: str
    command: str
    tags: tuple[str, ...]


IMAGES: Mapping[str, FrameworkImage] = {
    "tensorflow-training": FrameworkImage(
        "tensorflow", "train", (r"2\.19(\.0)?-cpu-py312(-ubuntu22\.04-sagemaker)?",)
    ),
    "tensorflow-inference": FrameworkImage(
        "tensorflow", "serve", (r"2\.19(\.0)?-cpu(-py312(-ubuntu22\.04-sagemaker)?)?",)
    ),
    "huggingface-pytorch-training": FrameworkImage(
        "huggingface", "train", (r"2\.9(\.0)?-transformers5\.3(\.0)?-gpu-py312-cu130-ubuntu22\.04",)
    ),
    "huggingface-pytorch-inference": FrameworkImage(
        "huggingface", "serve", (r"2\.6(\.0)?-transformers5\.5(\.3)?-cpu-py312-ubuntu22\.04",)
    ),
}


class UnknownTag(Exception):
    """The repository is known here, its image of this tag is not; the message says which are."""


def find(uri: str) -> FrameworkImage | None:
    """Return the image that a URI names; None when it is none of these repositories'.

    Raises
    ------
    UnknownTag
        When nothing stands in for the tag.
    """
    match = _URI.fullmatch(uri)
    image = IMAGES.get(match["repository"]) if match else None
    if match is None or image is None:
        return None
    tag = match["tag"] or "latest"
    if not any(re.fullmatch(pattern, tag) for pattern in image.tags):
        known = " or ".join(image.tags)
        raise UnknownTag(
            f"has no stand-in: of {match['repository']} localaws knows tags of the form {known}, not {tag}"
        )
    return image
