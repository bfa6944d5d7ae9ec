"""ECR as moto 5.2.5 has it, with AWS's digests, tags and errors; layers need a registry, which this is not."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ecr.exceptions import ImageAlreadyExistsException, InvalidParameterException, ScanNotFoundException
from moto.ecr.models import Image, Repository, ecr_backends
from moto.ecr.responses import ECRResponse

from localaws.operations import Operation, Request, graft

TOKEN_LIFE = timedelta(hours=12)
REGISTRY_OPERATIONS = (
    "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "GetDownloadUrlForLayer",
    "BatchCheckLayerAvailability",
)  # fmt: skip


class EcrError(ServiceException):
    """An ECR error that moto does not know."""


def put_image(request: Request) -> dict[str, Any]:
    """Register a manifest.

    moto 5.2.5 makes the digest of the layers' digests, or of a random number; it answers 500 for a repository
    that does not exist, ImageAlreadyExistsException for a tag that is immutable, and deletes an image that
    loses its last tag to another one.
    """
    params = request.params
    repository = _repository(request)
    manifest = params["imageManifest"]
    tag: Any = params.get("imageTag")
    media_type = params.get("imageManifestMediaType") or _media_type(manifest)
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    if params.get("imageDigest", digest) != digest:
        raise EcrError(
            "ImageDigestDoesNotMatchException",
            f"The provided digest '{params['imageDigest']}' does not match the manifest's, '{digest}'.",
        )
    image = next((i for i in repository.images if i.get_image_digest() == digest), None)
    if image is not None and (tag is None or tag in image.image_tags):
        raise ImageAlreadyExistsException(
            repository_name=repository.name, registry_id=repository.registry_id, digest=digest, image_tag=tag
        )
    _free_tag(repository, tag)
    if image is None:
        image = Image(request.account, tag, manifest, repository.name, media_type, digest)
        repository.images.append(image)
    else:
        image.update_tag(tag)
    return {"image": image}


def batch_get_image(request: Request) -> dict[str, Any]:
    """Return manifests; moto 5.2.5 answers a digest that it does not find with the tag ``null``."""
    repository = _repository(request)
    images, failures = [], []
    for wanted in request.params["imageIds"]:
        found = [image for image in repository.images if _is(image, wanted)]
        images += found
        if not found:
            failures.append(
                {
                    "imageId": dict(wanted),
                    "failureCode": "ImageNotFound",
                    "failureReason": "Requested image not found",
                }
            )
    return {"images": images, "failures": failures}


def get_authorization_token(request: Request) -> dict[str, Any]:
    """Return a token that holds for twelve hours; moto's (5.2.5) has been out of date since 2015."""
    token = base64.b64encode(f"AWS:{secrets.token_urlsafe(32)}".encode()).decode()
    registries = request.params.get("registryIds") or [request.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": datetime.now(UTC) + TOKEN_LIFE,
                "proxyEndpoint": f"https://{registry}.dkr.ecr.{request.region}.amazonaws.com",
            }
            for registry in registries
        ]
    }


def start_image_scan(request: Request) -> dict[str, Any]:
    """Refuse: nothing here can scan an image."""
    raise EcrError("UnsupportedImageTypeException", "localaws does not scan images (StartImageScan).")


def describe_image_scan_findings(request: Request) -> dict[str, Any]:
    """Answer as for an image that was not scanned; moto 5.2.5 makes findings up."""
    repository = _repository(request)
    wanted = request.params["imageId"]
    image = repository._get_image(wanted.get("imageTag"), wanted.get("imageDigest"))
    raise ScanNotFoundException(
        image_id=f"{{imageDigest:'{image.get_image_digest()}', imageTag:'{wanted.get('imageTag', 'null')}'}}",
        repository_name=repository.name,
        registry_id=repository.registry_id,
    )


def _refusal(name: str) -> Operation:
    def refuse(_: Request) -> None:
        raise EcrError(
            "UnsupportedOperation",
            f"localaws does not support {name}: it has no registry for layers. Push with the Docker engine, or "
            "import the image with `localaws image import`.",
        )

    return refuse


def _repository(request: Request) -> Repository:
    backend = ecr_backends[request.account][request.region]
    return backend._get_repository(request.params["repositoryName"], request.params.get("registryId"))


def _media_type(manifest: str) -> str:
    try:
        media_type = json.loads(manifest).get("mediaType", "")
    except (ValueError, AttributeError) as error:
        raise InvalidParameterException(
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
        ) from error
    if not media_type:
        raise InvalidParameterException("image manifest mediatype not provided in manifest or parameter")
    return str(media_type)


def _free_tag(repository: Repository, tag: str | None) -> None:
    """Take ``tag`` from the image that has it, unless the tag may not move."""
    holder = next((image for image in repository.images if tag in image.image_tags), None)
    if holder is None or tag is None:
        return
    if _immutable(repository, tag):
        raise EcrError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be "
            "overwritten because the tag is immutable.",
        )
    holder.image_tags.remove(tag)
    rest: Any = holder.image_tags[-1] if holder.image_tags else None
    holder.image_tag = rest


def _immutable(repository: Repository, tag: str) -> bool:
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = any(fnmatch.fnmatchcase(tag, item["filter"]) for item in filters)
    return bool(repository.is_tag_immutable()) != excluded


def _is(image: Image, wanted: dict[str, str]) -> bool:
    if "imageDigest" in wanted and image.get_image_digest() != wanted["imageDigest"]:
        return False
    return "imageTag" not in wanted or wanted["imageTag"] in image.image_tags


OPERATIONS: dict[str, Operation] = {
    "PutImage": put_image,
    "BatchGetImage": batch_get_image,
    "GetAuthorizationToken": get_authorization_token,
    "StartImageScan": start_image_scan,
    "DescribeImageScanFindings": describe_image_scan_findings,
}


def install() -> None:
    """Put the repairs in place."""
    graft(ECRResponse, "ecr", OPERATIONS | {name: _refusal(name) for name in REGISTRY_OPERATIONS})
