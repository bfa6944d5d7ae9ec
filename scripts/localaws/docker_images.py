"""Images for the Docker engine: an image URI in, the name by which the engine has it out, pulled if need be."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import docker.errors

from localaws.images import ImageNotFound, ImageUri, find_digest
from localaws.runtime import runtime


def find(client: Any, uri: str, region: str) -> str:
    """Return a name by which the engine has an image; raise ``ImageNotFound`` when it cannot be had.

    An image of ECR comes from this server's own registry, any other from where its name says.
    """
    try:
        image = ImageUri.parse(uri)
    except ImageNotFound:
        return _have(client, uri, uri, {})
    digest = image.digest or find_digest(uri)
    # The engine takes a registry on the loopback interface without TLS.
    reference = f"{urlsplit(runtime().endpoint).netloc}/{image.pinned(digest)}"
    return _have(client, uri, reference, _login(image.region))


def _have(client: Any, uri: str, reference: str, login: dict[str, str]) -> str:
    try:
        client.images.get(reference)
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(reference, auth_config=login or None)
        except docker.errors.APIError as error:
            raise ImageNotFound(uri, f"cannot be pulled: {error.explanation}") from error
    return reference


def _login(region: str) -> dict[str, str]:
    answer = runtime().client("ecr", region).get_authorization_token()
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    username, _, password = token.partition(":")
    return {"username": username, "password": password}
