"""Manifests and tags in moto's books: a manifest comes in by API or push, an image by digest and tag goes out."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ecr.exceptions import ImageAlreadyExistsException, InvalidParameterException
from moto.ecr.models import Image, Repository, ecr_backends

from localaws.operations import Request
from localaws.runtime import runtime

_lock = threading.RLock()


class EcrError(ServiceException):
    """An ECR error that moto does not know."""


class RegisteredImage(Image):
    """An image whose size is that of its layers; moto's (5.2.5) is that of its configuration."""

    def get_image_size_in_bytes(self) -> int | None:
        """Return the size of what a pull transfers, None for a list of images."""
        manifest = json.loads(self.image_manifest)
        layers = manifest.get("layers")
        if layers is None:
            return None
        return sum(int(part.get("size", 0)) for part in (manifest.get("config", {}), *layers))


def repository_of(request: Request) -> Repository:
    """Return the repository that a request names."""
    backend = ecr_backends[request.account][request.region]
    return backend._get_repository(request.params["repositoryName"], request.params.get("registryId"))


def digest_of(manifest: str) -> str:
    """Return a manifest's digest."""
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def register(
    repository: Repository, manifest: str, tag: str | None, media_type: str = "", digest: str = ""
) -> Image:
    """Put a manifest into a repository.

    moto 5.2.5 makes the digest of the layers' digests, or of a random number; it answers 500 for a repository
    that does not exist, ImageAlreadyExistsException for a tag that is immutable, and deletes an image that
    loses its last tag to another one.

    Raises
    ------
    EcrError
        When the tag is immutable, or ``digest`` is not the manifest's.
    ImageAlreadyExistsException
        When the image has this tag already.
    """
    found = digest_of(manifest)
    if (digest or found) != found:
        raise EcrError(
            "ImageDigestDoesNotMatchException",
            f"The provided digest '{digest}' does not match the manifest's, '{found}'.",
        )
    with _lock:
        image = _add(repository, manifest, tag, media_type or _media_type(manifest), found)
    detail = {
        "result": "SUCCESS",
        "repository-name": repository.name,
        "image-digest": found,
        "action-type": "PUSH",
        "manifest-media-type": image.image_manifest_media_type,
    }
    runtime().emit(
        repository.region_name,
        "aws.ecr",
        "ECR Image Action",
        detail | ({"image-tag": tag} if tag else {}),
        [repository.arn],
    )
    return image


def _add(repository: Repository, manifest: str, tag: Any, media_type: str, digest: str) -> Image:
    image = find(repository, {"imageDigest": digest})
    if image is not None and (tag is None or tag in image.image_tags):
        raise ImageAlreadyExistsException(
            repository_name=repository.name, registry_id=repository.registry_id, digest=digest, image_tag=tag
        )
    _free_tag(repository, tag)
    if image is None:
        image = RegisteredImage(
            repository.account_id, tag, manifest, repository.name, media_type, digest, repository.registry_id
        )
        repository.images.append(image)
    else:
        image.update_tag(tag)
    return image


def find(repository: Repository, wanted: Mapping[str, str]) -> Image | None:
    """Return the image of an ``imageId``, None when there is none."""
    return next((image for image in repository.images if _is(image, wanted)), None)


def is_immutable(repository: Repository, tag: str) -> bool:
    """Tell whether a tag, once given, stays where it is."""
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = any(fnmatch.fnmatchcase(tag, item["filter"]) for item in filters)
    return bool(repository.is_tag_immutable()) != excluded


def immutable_tag(repository: Repository, tag: str) -> EcrError:
    """Return what is answered to who would move an immutable tag."""
    return EcrError(
        "ImageTagAlreadyExistsException",
        f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be "
        "overwritten because the tag is immutable.",
    )


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
    holder = find(repository, {"imageTag": tag}) if tag is not None else None
    if holder is None or tag is None:
        return
    if is_immutable(repository, tag):
        raise immutable_tag(repository, tag)
    holder.image_tags.remove(tag)
    rest: Any = holder.image_tags[-1] if holder.image_tags else None
    holder.image_tag = rest


def _is(image: Image, wanted: Mapping[str, str]) -> bool:
    if "imageDigest" in wanted and image.get_image_digest() != wanted["imageDigest"]:
        return False
    return "imageTag" not in wanted or wanted["imageTag"] in image.image_tags
