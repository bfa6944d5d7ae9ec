"""Puts a prepared image into a running server's ECR under a tag, so that whoever looks for it there finds it."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.errors import PlatformError, UserError
from localaws.images import MANIFEST_TYPE, Prepared

POLL_SECONDS = 0.5


def register(ecr: Any, prepared: Prepared, repository: str, tag: str, wait: float = 0.0) -> str:
    """Put the image's manifest and return its URI by digest; a tag that is there already is left as it is.

    Parameters
    ----------
    ecr
        A client of ECR.
    prepared
        The image.
    repository, tag
        Where to put it.
    wait
        For how many seconds to wait for the repository, should somebody still be creating it.
    """
    uri = _repository_uri(ecr, repository, time.monotonic() + wait)
    manifest = prepared.manifest()
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    try:
        ecr.put_image(
            repositoryName=repository,
            imageManifest=manifest,
            imageManifestMediaType=MANIFEST_TYPE,
            imageTag=tag,
            imageDigest=digest,
        )
    except ecr.exceptions.ImageAlreadyExistsException:
        pass
    except ecr.exceptions.ImageTagAlreadyExistsException as error:
        raise UserError(
            f"{uri}:{tag} is there already with other content, and its tags are immutable"
        ) from error
    return f"{uri}@{digest}"


def _repository_uri(ecr: Any, repository: str, deadline: float) -> str:
    while True:
        try:
            answer = ecr.describe_repositories(repositoryNames=[repository])
            return str(answer["repositories"][0]["repositoryUri"])
        except ecr.exceptions.RepositoryNotFoundException as error:
            if time.monotonic() >= deadline:
                raise UserError(f"there is no ECR repository {repository}: create it first") from error
        except (BotoCoreError, ClientError) as error:
            raise PlatformError(f"ECR cannot be asked for {repository}: {error}") from error
        time.sleep(POLL_SECONDS)
