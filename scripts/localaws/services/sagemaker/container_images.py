"""Holds image URIs against the ECR of this server's accounts, so that what is registered exists; others' are taken as
given."""

from __future__ import annotations

from moto.ecr.models import ecr_backends
from moto.sagemaker.exceptions import ValidationError
from moto.utilities.utils import get_partition

from localaws.iam.implied import may_pull
from localaws.images import ImageNotFound, ImageUri, find_digest
from localaws.services.sagemaker.resources import Region


def image_digest(region: Region, uri: str) -> str:
    """Return the digest of an image of an account here (``""`` for others'); raise when ECR does not know it."""
    if _own(region, uri) is None:
        return ""
    try:
        return find_digest(uri)
    except ImageNotFound as error:
        raise ValidationError(f"Requested image {uri} not found.") from error


def resolved_image(region: Region, uri: str) -> str:
    """Return the URI by digest of an image of an account here, any other URI as it is."""
    own = _own(region, uri)
    return own.pinned(image_digest(region, uri)) if own is not None else uri


def may_pull_image(region: Region, uri: str, role: str) -> bool:
    """Tell whether a role may pull an image; those of accounts that are not here are not asked for."""
    own = _own(region, uri)
    if own is None:
        return True
    scope = f"arn:{get_partition(own.region)}:ecr:{own.region}:{own.account}"
    return may_pull(role, f"{scope}:repository/{own.repository}")


def is_of_another_account(region: Region, uri: str) -> bool:
    """Tell whether an image is kept by another account that is here: not by this one, and not by AWS."""
    own = _own(region, uri)
    return own is not None and own.account != region.account


def _own(region: Region, uri: str) -> ImageUri | None:
    try:
        image = ImageUri.parse(uri)
    except ImageNotFound:
        return None
    return image if image.account == region.account or _is_here(image) else None


def _is_here(image: ImageUri) -> bool:
    """Tell whether an image's repository is that of another account of this server."""
    return (
        image.account in ecr_backends
        and image.repository in ecr_backends[image.account][image.region].repositories
    )
