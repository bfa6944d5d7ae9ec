"""ECR's API as moto 5.2.5 lacks it: manifests, tokens and scans; requests come in, answers in API shape go out."""

from __future__ import annotations

import base64
from typing import Any

from moto.ecr.exceptions import ScanNotFoundException

from localaws.operations import Operation, Request, page
from localaws.services.ecr import logins, registered_images
from localaws.services.ecr.registered_images import EcrError, repository_of


def put_image(request: Request) -> dict[str, Any]:
    """PutImage."""
    params = request.params
    image = registered_images.register(
        repository_of(request),
        params["imageManifest"],
        params.get("imageTag"),
        params.get("imageManifestMediaType", ""),
        params.get("imageDigest", ""),
    )
    return {"image": image}


def batch_get_image(request: Request) -> dict[str, Any]:
    """BatchGetImage; moto 5.2.5 answers a digest that it does not find with the tag ``null``."""
    repository = repository_of(request)
    found, failures = [], []
    for wanted in request.params["imageIds"]:
        image = registered_images.find(repository, wanted)
        if image:
            tag = wanted.get("imageTag") or image.image_tag
            found.append(
                {
                    "registryId": repository.registry_id,
                    "repositoryName": repository.name,
                    "imageId": {"imageDigest": image.get_image_digest()} | ({"imageTag": tag} if tag else {}),
                    "imageManifest": image.get_image_manifest(),
                    "imageManifestMediaType": image.image_manifest_media_type,
                }
            )
        else:
            failures.append(
                {
                    "imageId": dict(wanted),
                    "failureCode": "ImageNotFound",
                    "failureReason": "Requested image not found",
                }
            )
    return {"images": found, "failures": failures}


def list_images(request: Request) -> dict[str, Any]:
    """ListImages: each tag by itself; moto 5.2.5 tells one of an image's."""
    status = request.params.get("filter", {}).get("tagStatus", "ANY")
    identities: list[dict[str, str]] = []
    for image in repository_of(request).images:
        digest = image.get_image_digest()
        if image.image_tags and status != "UNTAGGED":
            identities += [{"imageDigest": digest, "imageTag": tag} for tag in image.image_tags]
        elif not image.image_tags and status != "TAGGED":
            identities.append({"imageDigest": digest})
    found, token = page(identities, request.params.get("nextToken"), request.params.get("maxResults"))
    return {"imageIds": found} | ({"nextToken": token} if token else {})


def get_authorization_token(request: Request) -> dict[str, Any]:
    """GetAuthorizationToken: moto's (5.2.5) has been out of date since 2015."""
    password, expires = logins.issue(request.account, request.access_key)
    registries = request.params.get("registryIds") or [request.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": base64.b64encode(f"{logins.USER}:{password}".encode()).decode(),
                "expiresAt": expires,
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
    repository = repository_of(request)
    wanted = request.params["imageId"]
    image = repository._get_image(wanted.get("imageTag"), wanted.get("imageDigest"))
    raise ScanNotFoundException(
        image_id=f"{{imageDigest:'{image.get_image_digest()}', imageTag:'{wanted.get('imageTag', 'null')}'}}",
        repository_name=repository.name,
        registry_id=repository.registry_id,
    )


OPERATIONS: dict[str, Operation] = {
    "PutImage": put_image,
    "BatchGetImage": batch_get_image,
    "ListImages": list_images,
    "GetAuthorizationToken": get_authorization_token,
    "StartImageScan": start_image_scan,
    "DescribeImageScanFindings": describe_image_scan_findings,
}
