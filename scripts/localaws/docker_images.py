"""Images in the Docker engine: a URI comes in, a name that the engine has goes out; names go when their server does."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import docker.errors

from localaws import build_image
from localaws.errors import PlatformError
from localaws.image_builder import content_key
from localaws.images import ImageNotFound, ImageUri, find_digest, find_stand_in
from localaws.runtime import runtime
from localaws.settings import HostSettings

CACHE = "localaws/built"
"""Where images of builds are kept when their names go: the engine's build cache goes with the last name."""
MOST_CACHED = 20
MADE = "localaws"
REGISTRY_NAME = re.compile(r"127\.0\.0\.1:(?P<port>\d+)/\d{12}\.dkr\.ecr\.")


def registry_prefix() -> str:
    """Return what stands before an ECR image's name for the engine, which takes a loopback registry without TLS."""
    return f"{urlsplit(runtime().endpoint).netloc}/"


def find(client: Any, uri: str, region: str) -> str:
    """Return a name by which the engine has an image; raise ``ImageNotFound`` when it cannot be had.

    An image of ECR comes from this server's own registry, any other from where its name says.
    """
    if (made := made_here(client, uri)) is not None:
        return made
    try:
        image = ImageUri.parse(uri)
    except ImageNotFound:
        return _have(client, uri, uri, lambda: None)
    # Asked also for an image by digest: the engine may still have what the repository has no more.
    reference = registry_prefix() + image.pinned(find_digest(uri))
    return _have(client, uri, reference, lambda: _login(image))


def made_here(client: Any, uri: str) -> str | None:
    """Return the engine's name of what stands in for an image of AWS's, made if need be; None where nothing does."""
    ours = find_stand_in(uri)
    if ours is None:
        return None
    content = content_key(ours.folder, ours.dockerfile, ours.build_args)
    name = f"{MADE}/{ours.name}:{content[:12]}"
    try:
        return build_image.ensure_made(client, HostSettings().https_proxy, ours.folder, name, ours.build_args)
    except PlatformError as error:
        raise ImageNotFound(uri, f"has no stand-in: {error}") from error


def _have(client: Any, uri: str, reference: str, login: Callable[[], dict[str, str] | None]) -> str:
    try:
        client.images.get(reference)
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(reference, auth_config=login())
        except docker.errors.APIError as error:
            raise ImageNotFound(uri, f"cannot be pulled: {error.explanation}") from error
    return reference


def _login(image: ImageUri) -> dict[str, str]:
    answer = runtime().client("ecr", image.region, account=image.account).get_authorization_token()
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    username, _, password = token.partition(":")
    return {"username": username, "password": password}


def retire(client: Any, names: Iterable[str]) -> None:
    """Take names from images that a build made; the images stay as the cache of later builds."""
    for name in names:
        with contextlib.suppress(docker.errors.APIError):
            image = client.images.get(name)
            image.tag(CACHE, image.short_id.removeprefix("sha256:"))
            client.images.remove(name)
    for image in sorted(client.images.list(CACHE), key=lambda one: str(one.attrs["Created"]))[:-MOST_CACHED]:
        for tag in image.tags:
            if tag.startswith(f"{CACHE}:"):
                _remove_name(client, tag)


def remove_registry_names(client: Any, port: int | None = None) -> None:
    """Take the names from images that a server's registry gave them: of this port, or of every server that is gone."""
    for image in client.images.list():
        names = [*image.tags, *(image.attrs.get("RepoDigests") or ())]
        for name in names:
            match = REGISTRY_NAME.match(name)
            if match and (int(match["port"]) == port if port else not _listens(int(match["port"]))):
                _remove_name(client, name)


def _remove_name(client: Any, name: str) -> None:
    # A container may still have it, and another server may be at the same work.
    with contextlib.suppress(docker.errors.APIError):
        client.images.remove(name)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
