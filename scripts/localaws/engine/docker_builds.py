"""What a build's container has in the Docker engine: the settings and files that the build image carries."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from localaws.docker_network import DockerNetwork
from localaws.engine import ContainerSpec


@contextlib.contextmanager
def for_build(
    client: Any,
    network: DockerNetwork,
    labels: Mapping[str, str],
    build_environment: Mapping[str, str],
    build_mounts: Sequence[Path],
    spec: ContainerSpec,
    privileged: bool,
) -> Iterator[ContainerSpec]:
    """Return ``spec`` with the build image's own variables and mounts."""
    yield dataclasses.replace(
        spec,
        environment={**build_environment, **spec.environment},
        mounts={**{str(path): path for path in build_mounts}, **spec.mounts},
    )
