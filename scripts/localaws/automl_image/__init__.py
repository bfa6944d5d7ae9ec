"""The image that stands in for SageMaker Autopilot's own: made, when wanted, from this folder's Dockerfile."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
# The account that Autopilot's images are in; the tag says whose this one is.
_ACCOUNT, _NAME = "683313688378", "sagemaker-sklearn-automl:localaws"
_URI = re.compile(rf"{_ACCOUNT}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/{_NAME}")


def uri(region: str) -> str:
    """Return the name by which AutoML jobs and their models have the image in a region."""
    suffix = ".cn" if region.startswith("cn-") else ""
    return f"{_ACCOUNT}.dkr.ecr.{region}.amazonaws.com{suffix}/{_NAME}"


def is_meant(image: str) -> bool:
    """Tell whether a URI is this image's."""
    return _URI.fullmatch(image) is not None
