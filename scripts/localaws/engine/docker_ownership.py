"""Gives files back that a container left in the server's folder as its own user, root mostly: else nobody could
delete them where the server is not root."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import docker.errors
import docker.types

log = logging.getLogger("localaws")


def give_back(
    client: Any, image: str, folders: Iterable[Path], labels: Mapping[str, str], user: int, group: int
) -> None:
    """Make ``user`` and ``group`` the owners of everything in these folders, by a container of the same image."""
    inside = {f"/given-back/{number}": folder for number, folder in enumerate(folders)}
    if user == 0 or not inside:
        return
    try:
        client.containers.run(
            image,
            entrypoint=["chown"],
            command=["-R", f"{user}:{group}", *inside],
            user="0:0",
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=["CHOWN", "DAC_READ_SEARCH"],
            mounts=[docker.types.Mount(path, str(folder), type="bind") for path, folder in inside.items()],
            labels=dict(labels),
            remove=True,
        )
    except docker.errors.DockerException as error:
        log.warning("files in %s may belong to root now: %s", ", ".join(map(str, inside.values())), error)


def own(folder: Path, root: Path) -> bool:
    """Tell whether a folder is one of the server's own, below ``root``."""
    return Path(os.path.abspath(folder)).is_relative_to(root)
