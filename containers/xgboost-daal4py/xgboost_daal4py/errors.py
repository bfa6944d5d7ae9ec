"""The errors of this package, by who must act; the entry points of `training` and `serving` catch them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ContainerError(Exception):
    """Anything that this package reports in words."""


class UserError(ContainerError):
    """The input must be changed: data, hyperparameters, a model file or a request."""


class PlatformError(ContainerError):
    """The machine failed: try again."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one value of a record or row (numbered from 0; None: not one record's fault)."""

    record: int | None
    column: str | None
    message: str


class InvalidRecords(UserError):
    """Records or rows that do not fit the schema; every problem is listed, up to a limit."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)
