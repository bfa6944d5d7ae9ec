"""The context of an image build: a tar stream comes in, the images that its Dockerfile begins from go out."""

from __future__ import annotations

import contextlib
import posixpath
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from localaws import dockerfile
from localaws.errors import UserError


def base_images(context: IO[bytes], name: str, build_args: Mapping[str, str]) -> list[str]:
    """Return what stands behind FROM, variables filled in; nothing when the Dockerfile cannot be read.

    Parameters
    ----------
    context
        The build context, a tar archive, compressed or not.
    name
        The Dockerfile's path in it.
    build_args
        Values for its ARGs.
    """
    # What is wrong with context or Dockerfile, the engine says better.
    with contextlib.suppress(tarfile.TarError, UserError), tarfile.open(fileobj=context) as archive:
        for member in archive:
            if posixpath.normpath(member.name) == posixpath.normpath(name):
                content = archive.extractfile(member)
                return _bases(content.read(), build_args) if content else []
    return []


def _bases(content: bytes, build_args: Mapping[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Dockerfile"
        file.write_bytes(content)
        instructions = dockerfile.read(file)
    return dockerfile.bases(instructions, build_args)
