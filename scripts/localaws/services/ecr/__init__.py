"""ECR with a registry: API calls and the OCI distribution API come in; moto keeps the books, the disk the layers."""

from __future__ import annotations

from moto.ecr.responses import ECRResponse

from localaws import routes
from localaws.operations import graft
from localaws.services.ecr import distribution, imageapi, layerapi

APPROXIMATED = {
    "DescribeImageScanFindings": "answers as for an image that was not scanned",
    "PutImage": "layers need not be there; the registry's own push wants them",
    "StartImageScan": "refused in words: nothing scans images",
}


def install() -> None:
    """Serve ECR's API and the registry."""
    graft(ECRResponse, "ecr", imageapi.OPERATIONS | layerapi.OPERATIONS, APPROXIMATED)
    routes.add(distribution.application, host=distribution.HOST, path="/v2/")
    routes.add(distribution.application, path=distribution.LOOPBACK_PATH)
