"""A folder with configurations, read and planned as one would; for the tests of `mlpipelines`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from mlpipelines.configuration import Configuration, find_files, read_configuration
from mlpipelines.plan import PipelinePlan
from mlpipelines.planning import Surroundings, plan_all
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.step_code import ContentStaging

Planned: TypeAlias = dict[str, PipelinePlan]


class Repository:
    """A folder with files, read and planned as one would."""

    def __init__(self, root: Path, settings: ProjectSettings) -> None:
        self.root = root
        self.settings = settings
        self.staging = ContentStaging(root, settings.project_bucket)

    def write(self, files: Mapping[str, str]) -> Repository:
        """Write files by path; what is indented stays so relative to its first line."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def read(self, **variables: str) -> Configuration:
        """Read all configuration files, with problems and all."""
        return read_configuration(self.root, find_files(self.root), self.settings.variables() | variables)

    def plan(self, **variables: str) -> Planned:
        """Return the plans; raise what is wrong."""
        configuration = self.read(**variables)
        plans = {}
        if not configuration.problems:
            plans = plan_all(
                configuration, Surroundings(self.settings, self.staging, lambda f: f"image-of-{f}")
            )
        configuration.raise_problems()
        return plans

    def problems(self, **variables: str) -> list[str]:
        """Return what is wrong, as people see it."""
        configuration = self.read(**variables)
        if not configuration.problems:
            plan_all(configuration, Surroundings(self.settings, self.staging, str))
        return [str(problem) for problem in sorted(set(configuration.problems))]
