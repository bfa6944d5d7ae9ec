"""The image that a file names in, its URI out (to the request builders)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from mlpipelines.pipeline_errors import Problem
from mlpipelines.schema_jobs import PROJECT_IMAGE
from mlpipelines.step_index import WrittenStep

FindImage: TypeAlias = Callable[[str], str]
"""Folder with a Dockerfile in, URI by digest out."""


class ImageResolver:
    """Knows the project's image, and those that it builds out of folders."""

    def __init__(self, root: Path, project_image: str, find: FindImage, problems: list[Problem]) -> None:
        """Resolve for the repository at ``root``.

        Parameters
        ----------
        root
            The repository.
        project_image
            What `project` stands for.
        find
            Tells the URI of a folder's image.
        problems
            Where missing folders are noted.
        """
        self._root = root
        self._project_image = project_image
        self._find = find
        self._problems = problems

    def __call__(self, step: WrittenStep, written: str) -> str:
        """Return the URI of an image, as a step's block or its inference specification names it."""
        if written == PROJECT_IMAGE:
            return self._project_image
        if not written.startswith("./"):
            return written
        folder = written.removeprefix("./").strip("/")
        if not is_context(self._root, folder):
            self._problems.append(step.block_problem(f"there is no {folder}/Dockerfile in this repository"))
            return self._project_image
        return self._find(folder)


def is_context(root: Path, folder: str) -> bool:
    """Tell whether a folder of the repository has a Dockerfile."""
    inside = (root / folder).resolve().is_relative_to(root.resolve())
    return inside and (root / folder / "Dockerfile").is_file()
