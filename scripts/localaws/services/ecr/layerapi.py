"""ECR's API for layers, in place of moto's (5.2.5) in memory: parts come in, blobs of the registry come of them."""

from __future__ import annotations

import io
from typing import Any

from localaws.operations import Operation, Request
from localaws.services.ecr import blobs, logins
from localaws.services.ecr.registered_images import EcrError, repository_of

PART_SIZE = 10 << 20
MEDIA_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def initiate_layer_upload(request: Request) -> dict[str, Any]:
    """InitiateLayerUpload."""
    repository_of(request)
    return {"uploadId": blobs.begin_upload(), "partSize": PART_SIZE}


def upload_layer_part(request: Request) -> dict[str, Any]:
    """UploadLayerPart; parts come in order, as ECR wants them."""
    repository, params = repository_of(request), request.params
    first, last, content = params["partFirstByte"], params["partLastByte"], params["layerPartBlob"]
    size = blobs.upload_size(_upload(params["uploadId"]))
    if first != size or last + 1 - first != len(content):
        raise EcrError(
            "InvalidLayerPartException", f"Bytes {first} to {last} do not follow the {size} received so far."
        )
    return {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "uploadId": params["uploadId"],
        "lastByteReceived": blobs.append(params["uploadId"], io.BytesIO(content)) - 1,
    }


def complete_layer_upload(request: Request) -> dict[str, Any]:
    """CompleteLayerUpload."""
    repository, params = repository_of(request), request.params
    digest = params["layerDigests"][0]
    if digest in repository.layers:
        raise EcrError("LayerAlreadyExistsException", f"The layer with digest '{digest}' already exists.")
    try:
        repository.layers[digest] = blobs.finish_upload(_upload(params["uploadId"]), digest)
    except blobs.DigestMismatch as error:
        raise EcrError("InvalidLayerException", str(error)) from error
    return {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "uploadId": params["uploadId"],
        "layerDigest": digest,
    }


def batch_check_layer_availability(request: Request) -> dict[str, Any]:
    """BatchCheckLayerAvailability."""
    repository = repository_of(request)
    digests = request.params["layerDigests"]
    layers = [
        {
            "layerDigest": digest,
            "layerAvailability": "AVAILABLE",
            "layerSize": repository.layers[digest],
            "mediaType": MEDIA_TYPE,
        }
        for digest in digests
        if digest in repository.layers
    ]
    failures = [
        {
            "layerDigest": digest,
            "failureCode": "MissingLayerDigest",
            "failureReason": f"Layer digest '{digest}' could not be found",
        }
        for digest in digests
        if digest not in repository.layers
    ]
    return {"layers": layers, "failures": failures}


def get_download_url_for_layer(request: Request) -> dict[str, Any]:
    """GetDownloadUrlForLayer: a link that needs no other credentials, into the registry itself."""
    repository, digest = repository_of(request), request.params["layerDigest"]
    if digest not in repository.layers:
        raise EcrError("LayersNotFoundException", f"The layer with digest '{digest}' does not exist.")
    token, _ = logins.issue(request.account, request.access_key)
    host = repository.uri.partition("/")[0]
    return {
        "downloadUrl": f"https://{host}/v2/{repository.name}/blobs/{digest}?token={token}",
        "layerDigest": digest,
    }


def _upload(identity: str) -> str:
    try:
        blobs.upload_size(identity)
    except blobs.UploadUnknown as error:
        raise EcrError("UploadNotFoundException", f"The upload '{identity}' could not be found.") from error
    return identity


OPERATIONS: dict[str, Operation] = {
    "InitiateLayerUpload": initiate_layer_upload,
    "UploadLayerPart": upload_layer_part,
    "CompleteLayerUpload": complete_layer_upload,
    "BatchCheckLayerAvailability": batch_check_layer_availability,
    "GetDownloadUrlForLayer": get_download_url_for_layer,
}
