"""A project's parameters and what is to change come in; all that an update names go out, to both kinds of templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

_SAGEMAKERS = frozenset({"SageMakerProjectName", "SageMakerProjectId"})
"""Parameters that SageMaker fills in."""


def listed(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    """Return parameters as SageMaker's calls take them."""
    return [{"Key": key, "Value": value} for key, value in parameters.items()]


def named_again(
    present: Iterable[Mapping[str, object]], known: AbstractSet[str], changes: Mapping[str, str]
) -> dict[str, str]:
    """Return what an update names, which is all: what it does not name falls back to the template's default.

    Parameters
    ----------
    present
        The project's parameters as SageMaker describes them.
    known
        The names that the new version still has.
    changes
        Those that get other values.
    """
    kept = {str(each["Key"]): str(each.get("Value", "")) for each in present}
    return {key: value for key, value in kept.items() if key in known - _SAGEMAKERS} | dict(changes)
