"""Finds an image in this account's ECR, so that what is registered exists; others' images are taken as given."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError
from moto.sagemaker.exceptions import ValidationError

from localaws.runtime import runtime
from localaws.services.sagemaker.resources import Region

ECR_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w.-]+))?"
)


def image_digest(region: Region, uri: str) -> str:
    """Return the digest of an image of this account (``""`` for others'); raise when ECR does not know it."""
    match = ECR_URI.fullmatch(uri)
    if match is None or match["account"] != region.account:
        return ""
    wanted: dict[str, str] = {"imageTag": match["tag"] or "latest"}
    if match["digest"]:
        wanted = {"imageDigest": match["digest"]}
    ecr: Any = runtime().client("ecr", match["region"])
    try:
        found = ecr.describe_images(repositoryName=match["repository"], imageIds=[wanted])["imageDetails"]
    except ClientError as error:
        raise ValidationError(f"Requested image {uri} not found.") from error
    digest: str = found[0]["imageDigest"]
    return digest


def resolved_image(region: Region, uri: str) -> str:
    """Return the URI by digest of an image of this account, any other URI as it is."""
    digest = image_digest(region, uri)
    match = ECR_URI.fullmatch(uri)
    if not digest or match is None:
        return uri
    return f"{uri[: match.end('repository')]}@{digest}"
