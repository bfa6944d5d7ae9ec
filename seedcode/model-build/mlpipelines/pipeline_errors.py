"""The errors of this package, by who must act; `command_line` catches them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class PipelineError(Exception):
    """Anything that is reported in words."""


class UserError(PipelineError):
    """The configuration, the data or the model must be changed."""


class PlatformError(PipelineError):
    """AWS failed, or refuses what it should let through."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a configuration file, and where.

    Attributes
    ----------
    file
        Path in the repository.
    line, column
        Counted from 1; 0 where the whole file is meant.
    key
        Path of keys to the place, such as ``models.churn.train.entry_point``.
    message
        What is wrong and what to do.
    """

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigurationError(UserError):
    """Everything that is wrong in the configuration, at once, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))
