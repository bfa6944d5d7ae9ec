"""The image that a file names in, its URI out (to the request builders)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from mlpipelines.pipeline_errors import Problem
from mlpipelines.plan import AwsRepositoryImage
from mlpipelines.schema_jobs import PROJECT_IMAGE
from mlpipelines.step_index import WrittenStep

AWS_IMAGE = "aws:"
REPOSITORY_IMAGE = re.compile(r"aws:(?P<repository>[a-z0-9][a-z0-9._-]*):(?P<tag>[\w.-]+)")

FindImage: TypeAlias = Callable[[str], str]
"""Folder with a Dockerfile in, URI by digest out."""


class ImageResolver:
    """Knows the project's image, and those that it builds out of folders."""

    def __init__(
        self, root: Path, project_image: str, region: str, find: FindImage, problems: list[Problem]
    ) -> None:
        """Resolve for the repository at ``root``.

        Parameters
        ----------
        root
            The repository.
        project_image
            What `project` stands for.
        region
            Where AWS's own images are taken from.
        find
            Tells the URI of a folder's image.
        problems
            Where missing folders are noted.
        """
        self._root = root
        self._project_image = project_image
        self._region = region
        self._find = find
        self._problems = problems

    def __call__(self, step: WrittenStep, written: str) -> str | AwsRepositoryImage:
        """Return the URI of an image, as a step's block or its inference specification names it."""
        if written == PROJECT_IMAGE:
            return self._project_image
        if written.startswith(AWS_IMAGE):
            return self._of_aws(step, written)
        if not written.startswith("./"):
            return written
        folder = written.removeprefix("./").strip("/")
        if not is_context(self._root, folder):
            self._problems.append(step.block_problem(f"there is no {folder}/Dockerfile in this repository"))
            return self._project_image
        return self._find(folder)

    def _of_aws(self, step: WrittenStep, written: str) -> str | AwsRepositoryImage:
        match = REPOSITORY_IMAGE.fullmatch(written)
        if match is None:
            self._problems.append(
                step.block_problem(f"an image of AWS is written aws:<repository>:<tag>, not {written}")
            )
            return self._project_image
        return AwsRepositoryImage(match["repository"], match["tag"], self._region)


def is_context(root: Path, folder: str) -> bool:
    """Tell whether a folder of the repository has a Dockerfile."""
    inside = (root / folder).resolve().is_relative_to(root.resolve())
    return inside and (root / folder / "Dockerfile").is_file()
