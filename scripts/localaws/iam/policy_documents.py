"""Reads a policy document: JSON comes in, statements that can be asked about a request go out."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localaws.iam.condition_operators import holds, listed
from localaws.iam.patterns import Context, fill, matches


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Attributes
    ----------
    actions, resources
        Patterns; those of ``NotAction`` and ``NotResource`` when the flag beside them is set. A policy of a
        resource or a trust may have no resources.
    principals
        Kind (``AWS``, ``Service`` ...) -> who; ``*`` stands for everyone. None in an identity's policy.
    """

    allows: bool
    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Any]
    principals: Mapping[str, Sequence[str]] | None = None
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False
    sid: str = ""

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Tell whether action, resource and conditions fit; who asks is the caller's to compare."""
        named = any(matches(pattern, action, ignore_case=True) for pattern in self.actions)
        return (
            named != self.not_actions and self.covers(resource, context) and holds(self.conditions, context)
        )

    def covers(self, resource: str, context: Context) -> bool:
        """Tell whether the statement is about ``resource``."""
        if not self.resources:
            return True
        filled = (fill(pattern, context) for pattern in self.resources)
        return any(each is not None and matches(each, resource) for each in filled) != self.not_resources


@dataclass(frozen=True)
class Document:
    """A policy: its statements, and what to call it in a report."""

    statements: Sequence[Statement] = field(default=())
    name: str = ""


@functools.lru_cache(maxsize=4096)
def read(text: str, name: str = "") -> Document:
    """Return a policy document from its JSON text."""
    statements = json.loads(text).get("Statement", [])
    if isinstance(statements, Mapping):
        statements = [statements]
    return Document([_statement(each) for each in statements], name)


def _statement(entry: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=entry["Effect"] == "Allow",
        actions=listed(entry.get("Action", entry.get("NotAction", []))),
        resources=listed(entry.get("Resource", entry.get("NotResource", []))),
        conditions=entry.get("Condition") or {},
        principals=_principals(entry.get("Principal", entry.get("NotPrincipal"))),
        not_actions="NotAction" in entry,
        not_resources="NotResource" in entry,
        not_principals="NotPrincipal" in entry,
        sid=entry.get("Sid", ""),
    )


def _principals(entry: Any) -> Mapping[str, Sequence[str]] | None:
    if entry is None:
        return None
    if isinstance(entry, str):
        return {"*": [entry]}
    return {kind: listed(who) for kind, who in entry.items()}
