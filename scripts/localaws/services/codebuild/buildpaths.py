"""Paths of a buildspec as its commands know them come in, the same paths on this machine go out."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.services.codebuild.buildspec import ArtifactSpec, Buildspec

ROOT = "/codebuild"


@dataclass(frozen=True)
class BuildPaths:
    """Where a build's files lie.

    Attributes
    ----------
    folder
        What is mounted at ``/codebuild``; a container that is a process sees the folder itself.
    """

    folder: Path

    def inside(self, path: Path) -> str:
        """Return a path below the folder as a container sees it."""
        return f"{ROOT}/{path.relative_to(self.folder).as_posix()}"

    def outside(self, path: str) -> str:
        """Return a path (or a pattern of paths) of a container on this machine."""
        return f"{self.folder}{path[len(ROOT) :]}" if path == ROOT or path.startswith(f"{ROOT}/") else path

    def locate(self, spec: Buildspec, environment: Mapping[str, str]) -> Buildspec:
        """Return a buildspec whose patterns are this machine's, with variables filled in."""
        filled = {name: self.outside(value) for name, value in environment.items()}

        def place(pattern: str) -> str:
            return self.outside(string.Template(pattern).safe_substitute(filled))

        def artifact(wanted: ArtifactSpec) -> ArtifactSpec:
            files = [place(pattern) for pattern in wanted.files]
            return dataclasses.replace(wanted, files=files, base_directory=place(wanted.base_directory))

        return dataclasses.replace(
            spec,
            artifacts=artifact(spec.artifacts) if spec.artifacts else None,
            secondary_artifacts={name: artifact(one) for name, one in spec.secondary_artifacts.items()},
            cache_paths=[place(pattern) for pattern in spec.cache_paths],
        )
