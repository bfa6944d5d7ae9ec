"""Where there is no internet: a context comes in, a copy with its wheels and its base go out to `build`."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from content import CACHES
from failures import PlatformError, UserError
from registry import Repository, find_digest

PACKAGES_URI = re.compile(r"^s3://(?P<bucket>[^/]+)/(?P<prefix>.+[^/])$")
BASE = re.compile(r"^ARG\s+BASE=(?P<image>\S+)", re.MULTILINE)
PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
WHEELS = "wheels"
LONGEST_TAG = 128


@dataclass(frozen=True)
class Prepared:
    """What `docker build` gets: a context, and values for the Dockerfile's arguments."""

    context: Path
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Offline:
    """The platform's packages and base images.

    Attributes
    ----------
    bucket, prefix
        Where packages are, each below its own name.
    base_images
        The repository of copies of base images, by `copy_tag`.
    s3, ecr
        Clients.
    """

    bucket: str
    prefix: str
    base_images: Repository
    s3: Any
    ecr: Any

    @classmethod
    def at(cls, packages_uri: str, base_image_repository: str, s3: Any, ecr: Any) -> Offline:
        """Read where they are."""
        place = PACKAGES_URI.match(packages_uri)
        if place is None:
            raise UserError(f"PACKAGES_URI must be s3://bucket/prefix, not {packages_uri!r}")
        return cls(place["bucket"], place["prefix"], Repository.parse(base_image_repository), s3, ecr)

    @contextmanager
    def prepared(self, context: Path) -> Iterator[Prepared]:
        """Give a copy of ``context`` with the wheels that its locks name, and the build's arguments.

        Raises
        ------
        UserError
            The Dockerfile does not take wheels, or begins with an image that the platform has no copy of.
        """
        dockerfile = (context / "Dockerfile").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / context.resolve().name
            shutil.copytree(context, copy, ignore=shutil.ignore_patterns(*CACHES))
            (copy / WHEELS).mkdir()
            for lock in sorted(copy.glob("*.txt")):
                if lock.name in dockerfile:
                    self._fetch(lock.read_text(encoding="utf-8"), copy / WHEELS)
            arguments = self._base(dockerfile)
            if any((copy / WHEELS).iterdir()):
                arguments |= _pip_arguments(dockerfile, context)
            if (copy / ".dockerignore").exists():
                with (copy / ".dockerignore").open("a", encoding="utf-8") as ignored:
                    ignored.write(f"\n!{WHEELS}\n")
            yield Prepared(copy, arguments)

    def _fetch(self, lock: str, folder: Path) -> None:
        """Download what the platform has of a lock; what is missing, pip will name."""
        hashes = set(HASH.findall(lock))
        try:
            for pin in PIN.finditer(lock):
                prefix = f"{self.prefix}/{pin['name']}/"
                listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
                for item in listed.get("Contents", []):
                    file = folder / item["Key"].removeprefix(prefix)
                    if f"-{pin['version']}" not in file.name:
                        continue
                    self.s3.download_file(self.bucket, item["Key"], str(file))
                    if hashlib.sha256(file.read_bytes()).hexdigest() not in hashes:
                        file.unlink()
        except (BotoCoreError, ClientError) as error:
            raise PlatformError(f"cannot read s3://{self.bucket}/{self.prefix}: {error}") from error

    def _base(self, dockerfile: str) -> dict[str, str]:
        base = BASE.search(dockerfile)
        if base is None:
            return {}
        digest = find_digest(self.ecr, self.base_images, copy_tag(base["image"]))
        if digest is None:
            raise UserError(
                f"there is no internet here, and {self.base_images.uri} has no copy of {base['image']} (tag"
                f" {copy_tag(base['image'])}): the platform's engineer publishes it with `mlproject publish --vendor`"
            )
        return {"BASE": f"{self.base_images.uri}@{digest}"}


def copy_tag(image: str) -> str:
    """Return the tag of an image's copy, as `mlproject publish --vendor` made it."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", image)[-LONGEST_TAG:].lstrip(".-")


def _pip_arguments(dockerfile: str, context: Path) -> dict[str, str]:
    if "ARG PIP_FIND_LINKS" not in dockerfile:
        raise UserError(
            f"{context}/Dockerfile takes no packages from the platform, and there is no internet here: see"
            " image/README.md, 'Without internet'"
        )
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"/{WHEELS}"}
