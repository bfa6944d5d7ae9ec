"""Read data and the environment's variables in, data with their values out; `configuration` calls it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mlpipelines.yaml_source import KeyPath

SAMPLE_NAME = re.compile(r"(?:(?<=[./])|^)SMP_[A-Z0-9_]+(?=[./]|$)")
"""A whole part between dots or slashes, as the sample replaces it."""

REFERENCE = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


class MissingVariable(Exception):
    """A variable that has no value and no default."""


def substitute(
    data: Any, variables: Mapping[str, str], missing: Callable[[KeyPath, str], None], path: KeyPath = ()
) -> Any:
    """Return ``data`` with ``SMP_NAME``, ``${NAME}`` and ``${NAME:-default}`` replaced in every value.

    Parameters
    ----------
    data
        As `yaml_source` read it. Keys stay as they are.
    variables
        Values by name. As in a shell, an empty value gives way to a default.
    missing
        Told of the path and name of each variable that has neither; the text stays as it is.
    """
    if isinstance(data, dict):
        return {key: substitute(value, variables, missing, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [substitute(value, variables, missing, (*path, n)) for n, value in enumerate(data)]
    if not isinstance(data, str):
        return data
    try:
        return _replace(data, variables)
    except MissingVariable as error:
        missing(path, str(error))
        return data


def _replace(text: str, variables: Mapping[str, str]) -> str:
    def sample(match: re.Match[str]) -> str:
        return _look_up(match[0], variables)

    def reference(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "${"
        if match["default"] is not None:
            return variables.get(match["name"], "") or match["default"]
        return _look_up(match["name"], variables)

    return REFERENCE.sub(reference, SAMPLE_NAME.sub(sample, text))


def _look_up(name: str, variables: Mapping[str, str]) -> str:
    if name not in variables:
        raise MissingVariable(name)
    return variables[name]
