"""A container's specification comes in, what Docker's create call takes for it goes out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.types import LogConfig, Mount

from localaws.engine import ContainerSpec

KEPT_CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID", "SYS_CHROOT",
)  # fmt: skip
"""Docker's own choice without raw sockets, device nodes, audit records and the changing of capabilities."""

SECURITY = ("no-new-privileges:true", "label=disable")
"""Without ``label=disable`` a machine with SELinux denies the folders that are mounted."""

RUN_TIME_FOLDERS = ("/run", "/var/tmp")  # noqa: S108 - inside of the container
"""What servers usually write to besides ``/tmp``; a read-only root keeps these writable, in memory."""

MEGABYTE = 1024**2
SMALLEST_MEMORY_MB = 6
BILLION = 10**9


@dataclass(frozen=True)
class HostLimits:
    """What the machine has: a container is promised no more."""

    memory_mb: int
    cpus: float

    @classmethod
    def read(cls, info: Mapping[str, Any]) -> HostLimits:
        """Take them from the engine's own description."""
        return cls(int(info["MemTotal"]) // MEGABYTE, float(info["NCPU"]))


def create_options(spec: ContainerSpec, host: HostLimits) -> dict[str, Any]:
    """Return the arguments of ``docker.containers.create`` that follow from the specification alone."""
    options: dict[str, Any] = {
        "entrypoint": list(spec.command) or None,
        "command": list(spec.arguments) or None,
        "hostname": spec.host or None,
        "user": spec.user or None,
        "working_dir": spec.workdir or None,
        "mounts": mounts(spec),
        "init": True,
        "cap_drop": ["ALL"],
        "cap_add": [] if spec.unprivileged else list(KEPT_CAPABILITIES),
        "security_opt": list(SECURITY),
        # Whatever the engine's own choice is: this one can be followed.
        "log_config": LogConfig(type="local"),
        "read_only": spec.read_only_root,
        "tmpfs": _memory_folders(spec) if spec.read_only_root else {},
        **_limits(spec, host),
    }
    return {name: value for name, value in options.items() if value is not None}


def mounts(spec: ContainerSpec) -> list[Mount]:
    """Return the bind mounts, outer folders before what is mounted inside of them."""
    return [
        Mount(path, os.path.abspath(source), type="bind", read_only=path in spec.read_only_mounts)
        for path, source in sorted(spec.mounts.items())
    ]


def writable_folders(spec: ContainerSpec) -> dict[str, Path]:
    """Return the mounted folders in which the container may have left files of its own user."""
    return {
        path: source
        for path, source in spec.mounts.items()
        if path not in spec.read_only_mounts and source.is_dir()
    }


def _limits(spec: ContainerSpec, host: HostLimits) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if spec.memory_mb:
        memory = max(SMALLEST_MEMORY_MB, min(spec.memory_mb, host.memory_mb)) * MEGABYTE
        # Equal, so that there is no swap, as there is none on AWS.
        limits |= {"mem_limit": memory, "memswap_limit": memory}
    if spec.cpus:
        limits["nano_cpus"] = int(min(spec.cpus, host.cpus) * BILLION)
    return limits


def _memory_folders(spec: ContainerSpec) -> dict[str, str]:
    mounted = tuple(spec.mounts)
    size = f",size={spec.tmp_mb}m" if spec.tmp_mb else ""
    folders = {"/tmp": f"exec,mode=1777{size}"}  # noqa: S108 - inside of the container
    if not spec.unprivileged:
        folders |= dict.fromkeys(RUN_TIME_FOLDERS, "mode=755")
    return {path: options for path, options in folders.items() if path not in mounted}
