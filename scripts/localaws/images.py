"""The image store: without Docker an image is a prepared Python environment, found through ECR."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ParamValidationError

from localaws.framework_images import UnknownTag
from localaws.image_builder import Builder, Stage, content_key
from localaws.runtime import runtime
from localaws.stand_in_images import StandIn, stand_in

IMAGE_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[a-z0-9][a-z0-9._/-]*)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
log = logging.getLogger("localaws")


class ImageNotFound(Exception):
    """There is no image of this URI in the store."""

    def __init__(self, uri: str, reason: str = "does not exist") -> None:
        super().__init__(f"image {uri} {reason}")
        self.uri = uri


@dataclass(frozen=True)
class Image:
    """What the process engine needs to run an image.

    Attributes
    ----------
    environment
        The image's ENV.
    entrypoint, command
        The image's ENTRYPOINT and CMD.
    workdir
        The image's WORKDIR.
    mounts
        Container path -> host folder, for what the image carries.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    workdir: str = ""
    mounts: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageUri:
    """The parts of an image URI in ECR; one of tag and digest is given, ``latest`` stands for neither."""

    account: str
    region: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, uri: str) -> ImageUri:
        """Read a URI; raise `ImageNotFound` when it is not one of ECR."""
        match = IMAGE_URI.fullmatch(uri)
        if match is None:
            raise ImageNotFound(uri, "is not in ECR")
        parts = match.groupdict(default="")
        return cls(**parts)

    def pinned(self, digest: str) -> str:
        """Return the URI by digest."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.repository}@{digest}"


def find_stand_in(uri: str) -> StandIn | None:
    """Return what stands in for an image of AWS's; raise `ImageNotFound` where only other tags have it."""
    try:
        return stand_in(uri)
    except UnknownTag as error:
        raise ImageNotFound(uri, str(error)) from error


def find_in_registry(uri: str) -> dict[str, Any]:
    """Return ECR's image (``imageId``, ``imageManifest``) of a URI; raise `ImageNotFound` when it has none."""
    image = ImageUri.parse(uri)
    identity = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag or "latest"}
    ecr = runtime().client("ecr", image.region, account=image.account)
    try:
        answer = ecr.batch_get_image(
            registryId=image.account, repositoryName=image.repository, imageIds=[identity]
        )
    except (ecr.exceptions.RepositoryNotFoundException, ParamValidationError) as error:
        raise ImageNotFound(uri) from error
    if not answer["images"]:
        raise ImageNotFound(uri)
    found: dict[str, Any] = answer["images"][0]
    return found


def find_digest(uri: str) -> str:
    """Return the digest under which ECR knows an image; raise `ImageNotFound` when it does not."""
    return str(find_in_registry(uri)["imageId"]["imageDigest"])


@dataclass(frozen=True)
class Prepared:
    """An image in the store.

    Attributes
    ----------
    folder
        Holds ``root`` (its files), ``config.json`` (the OCI image configuration) and ``mounts.json``.
    key
        The digest of its sources.
    """

    folder: Path
    key: str

    def manifest(self) -> str:
        """Return the OCI manifest; equal sources have an equal one."""
        config = (self.folder / "config.json").read_bytes()
        size = int((self.folder / "size").read_text())
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": CONFIG_TYPE,
                "digest": f"sha256:{hashlib.sha256(config).hexdigest()}",
                "size": len(config),
            },
            "layers": [{"mediaType": LAYER_TYPE, "digest": f"sha256:{self.key}", "size": size}],
        }
        return json.dumps(manifest, separators=(",", ":"))

    def stage(self, root: Path) -> Stage:
        """Return a stage that begins with this image; its files are links to the image's."""
        config = json.loads((self.folder / "config.json").read_text())["config"]
        shutil.copytree(self.folder / "root", root, symlinks=True, copy_function=os.link)
        return Stage(
            root=root,
            version=f"{sys.version_info.major}.{sys.version_info.minor}",
            environment=dict(entry.split("=", 1) for entry in config["Env"]),
            workdir=config["WorkingDir"],
            entrypoint=tuple(config["Entrypoint"]),
            command=tuple(config["Cmd"]),
            labels=config["Labels"],
            paths=set(json.loads((self.folder / "mounts.json").read_text())),
        )

    def image(self) -> Image:
        """Return what the engine needs."""
        config = json.loads((self.folder / "config.json").read_text())["config"]
        mounts = json.loads((self.folder / "mounts.json").read_text())
        return Image(
            environment=dict(entry.split("=", 1) for entry in config["Env"]),
            entrypoint=tuple(config["Entrypoint"]),
            command=tuple(config["Cmd"]),
            workdir=config["WorkingDir"],
            mounts={path: self.folder / "root" / path.lstrip("/") for path in mounts},
        )


@dataclass(frozen=True)
class ImageStore:
    """Prepared images below ``folder``, by the digest of their sources; shared by servers, safe to interrupt."""

    folder: Path

    def find(self, uri: str, region: str) -> Image:
        """Return the image of a URI in ECR; raise `ImageNotFound` when there is none."""
        if (ours := find_stand_in(uri)) is not None:
            return self.prepare(ours.folder, ours.dockerfile, ours.build_args, log.info).image()
        manifest = json.loads(find_in_registry(uri)["imageManifest"])
        layers = manifest.get("layers", [])
        key = layers[0]["digest"].removeprefix("sha256:") if layers else ""
        if not key or not (self.folder / key).is_dir():
            raise ImageNotFound(uri, f"is in ECR, but its files are not in {self.folder}")
        return Prepared(self.folder / key, key).image()

    def prepare(
        self,
        context: Path,
        file: Path,
        build_args: Mapping[str, str],
        progress: Callable[[str], None],
    ) -> Prepared:
        """Return the image of a Dockerfile, made when it is not in the store yet.

        Raises
        ------
        UserError
            When a line of the Dockerfile cannot be followed without Docker.
        PlatformError
            When a package cannot be installed.
        """
        key = content_key(context, file, build_args)
        target = self.folder / key
        with self._locked(key):
            if not target.exists():
                with tempfile.TemporaryDirectory(prefix=".partial-", dir=self.folder) as partial:
                    builder = Builder(
                        context, file, build_args, Path(partial), progress, self._stage_of_stand_in
                    )
                    stage = builder.build()
                    _keep(stage, key, target)
        return Prepared(target, key)

    def _stage_of_stand_in(self, uri: str, root: Path) -> Stage | None:
        ours = find_stand_in(uri)
        if ours is None:
            return None
        return self.prepare(ours.folder, ours.dockerfile, ours.build_args, log.info).stage(root)

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".lock-{key}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _keep(stage: Stage, key: str, target: Path) -> None:
    """Put a finished stage into the store with one rename."""
    ready = stage.root.parent / "ready"
    ready.mkdir()
    stage.root.rename(ready / "root")
    (ready / "config.json").write_text(json.dumps(_config(stage, key)))
    (ready / "mounts.json").write_text(json.dumps(stage.mount_points()))
    size = sum(path.lstat().st_size for path in (ready / "root").rglob("*"))
    (ready / "size").write_text(str(size))
    ready.rename(target)


def _config(stage: Stage, key: str) -> dict[str, Any]:
    """Return the OCI image configuration."""
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Env": [f"{name}={value}" for name, value in stage.environment.items()],
            "Entrypoint": list(stage.entrypoint),
            "Cmd": list(stage.command),
            "WorkingDir": stage.workdir,
            "Labels": stage.labels,
            "ExposedPorts": {port if "/" in port else f"{port}/tcp": {} for port in stage.ports},
            "User": stage.user,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{key}"]},
    }
