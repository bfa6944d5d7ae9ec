"""Who a container, network or volume belongs to: a label for each server, and the removal of what its end left."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors

OWNER = "localaws.owner"
PROCESS = "localaws.process"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")


@dataclass(frozen=True)
class Owner:
    """A server, by what tells it from every other that this machine runs or ran.

    Attributes
    ----------
    id
        Its own.
    process
        ``<boot>/<process namespace>/<process id>/<start time>``: the same process id comes again and is somebody
        else's in another namespace; with the others it is unique.
    """

    id: str
    process: str

    @classmethod
    def this_process(cls) -> Owner:
        """Return a new owner that lives as long as this process."""
        return cls(uuid.uuid4().hex, process_mark(os.getpid()))

    @property
    def labels(self) -> dict[str, str]:
        """What everything made for the owner carries."""
        return {OWNER: self.id, PROCESS: self.process}


def process_mark(process: int) -> str:
    """Return what stands for a running process of this namespace, ``""`` when there is no such process."""
    with contextlib.suppress(OSError):
        # The second field, the program's name, may hold spaces and parentheses.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return "/".join((*_here(), str(process), fields[19]))
    return ""


def is_gone(mark: str) -> bool:
    """Tell whether a process has ended for certain: one of another namespace cannot be seen from here."""
    boot, namespace, process = (*mark.split("/"), "", "", "")[:3]
    own_boot, own_namespace = _here()
    if boot != own_boot:
        return True
    return namespace == own_namespace and process_mark(int(process)) != mark


def _here() -> tuple[str, str]:
    return BOOT_ID.read_text().strip(), str(NAMESPACE.readlink())


def remove_owned(client: Any, owner: str) -> None:
    """Remove every container, network and volume of an owner."""
    remove_labelled(client, f"{OWNER}={owner}")


def remove_labelled(client: Any, label: str) -> None:
    """Remove every container, network and volume that carries a label."""
    for thing in _labelled(client, label):
        _remove(thing)


def remove_orphans(client: Any) -> int:
    """Remove what belongs to processes that are gone; return how many things that were."""
    removed = 0
    for thing in _labelled(client, PROCESS):
        if is_gone(_labels(thing).get(PROCESS, "")):
            _remove(thing)
            removed += 1
    return removed


def _labelled(client: Any, label: str) -> Iterator[Any]:
    """Yield what carries a label; networks and volumes come last, since containers use them."""
    filters = {"label": label}
    # Sparse, because a container that ends meanwhile must not end the listing.
    yield from client.containers.list(all=True, filters=filters, sparse=True)
    yield from client.networks.list(filters=filters)
    yield from client.volumes.list(filters=filters)


def _labels(thing: Any) -> dict[str, str]:
    return thing.attrs.get("Labels") or {}


def _remove(thing: Any) -> None:
    options = {"force": True, "v": True} if hasattr(thing, "kill") else {}
    _quietly(lambda: thing.remove(**options))


def _quietly(remove: Callable[[], None]) -> None:
    """Remove something that others may be removing too."""
    with contextlib.suppress(docker.errors.NotFound, docker.errors.APIError):
        remove()
