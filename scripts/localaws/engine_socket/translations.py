"""What differs between a build's Docker engine and the machine's: names of images in ECR, paths, labels, proxies."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.engine_socket.engine_request import BadRequest, EngineRequest
from localaws.images import IMAGE_URI

REGISTRY_HOST = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"


@dataclass(frozen=True)
class Names:
    """Names of images in ECR: the engine's own registry on the loopback interface has them behind ``prefix``.

    A tag is a name that the engine keeps itself, so that tagged images have their real names there; only what goes to
    the registry, and what is known by digest alone, goes by the registry's address.
    """

    prefix: str

    def is_in_ecr(self, name: str) -> bool:
        """Tell whether this is the name of an image in ECR."""
        return bool(IMAGE_URI.fullmatch(name))

    def in_registry(self, name: str) -> str:
        """Return the name by which the engine pushes and pulls."""
        return self.prefix + name

    def in_engine(self, name: str) -> str:
        """Return the name by which the engine has an image."""
        return self.prefix + name if "@" in name and self.is_in_ecr(name) else name

    def real(self, text: str) -> str:
        """Return a text in which images have their real names."""
        return text.replace(self.prefix, "")


@dataclass(frozen=True)
class Translations:
    """Changes requests of a build to what the machine's engine understands.

    Attributes
    ----------
    names
        Names of images.
    mounts
        Container path -> the machine's path, of everything that is mounted into the build's container.
    labels
        What everything carries that a build makes in the engine.
    proxy
        Where ``docker build`` reaches the internet.
    network
        The network in which ``docker build`` runs its steps; empty for the engine's own.
    """

    names: Names
    mounts: Mapping[str, Path]
    labels: Mapping[str, str]
    proxy: str
    network: str = ""

    def creation(self, request: EngineRequest) -> dict[str, Any]:
        """Return the body of a request that makes a container, a network or a volume."""
        body: dict[str, Any] = request.read_json() or {}
        body["Labels"] = {**(body.get("Labels") or {}), **self.labels}
        if "Image" in body:
            body["Image"] = self.names.in_engine(body["Image"])
        host = body.get("HostConfig") or {}
        if host.get("Binds"):
            host["Binds"] = [self._bind(bind) for bind in host["Binds"]]
        for mount in host.get("Mounts") or ():
            if mount.get("Type") == "bind":
                mount["Source"] = self._machine_path(mount["Source"])
        return body

    def build_options(self, request: EngineRequest) -> dict[str, str]:
        """Return the build arguments, and have the build find bases and the internet.

        It leaves no containers, as none outlive a build of AWS's.
        """
        given: dict[str, str] = json.loads(request.query.get("buildargs") or "{}")
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.proxy)
        # An argument without a value is null.
        named = {name: self.names.in_engine(value) if value else value for name, value in given.items()}
        request.query["buildargs"] = json.dumps({**proxies, **named})
        request.query["forcerm"] = "1"
        if self.network:
            request.query["networkmode"] = self.network
        return {name: value or "" for name, value in given.items()}

    def image_description(self, described: Any) -> Any:
        """Return a description of images in which they have their real names, each once."""
        if isinstance(described, list):
            return [self.image_description(one) for one in described]
        for key in ("RepoTags", "RepoDigests", "Tags"):
            if described.get(key):
                described[key] = list(dict.fromkeys(self.names.real(name) for name in described[key]))
        return described

    def _bind(self, bind: str) -> str:
        source, colon, rest = bind.partition(":")
        # A name without a slash is a volume's.
        return f"{self._machine_path(source)}{colon}{rest}" if source.startswith("/") else bind

    def _machine_path(self, path: str) -> str:
        path = posixpath.normpath(path)
        for mounted, place in sorted(self.mounts.items(), key=lambda item: -len(item[0])):
            if path == mounted or path.startswith(mounted.rstrip("/") + "/"):
                return str(place) + path[len(mounted.rstrip("/")) :]
        below = ", ".join(sorted(self.mounts))
        raise BadRequest(f"localaws: {path} is the build container's own; only these can be mounted: {below}")
