"""Repairs EC2: a rule of a security group keeps its description, whatever it is about."""

from __future__ import annotations

import inspect
from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule

_init = SecurityGroupRule.__init__


def install() -> None:
    """Repair moto 5.2.5, which keeps the descriptions of addresses only."""
    SecurityGroupRule.__init__ = _init_with_description  # type: ignore[method-assign]
    SecurityGroupRule.description = property(_description)  # type: ignore[method-assign,assignment]


def _init_with_description(self: SecurityGroupRule, *arguments: Any, **keywords: Any) -> None:
    _init(self, *arguments, **keywords)
    prefixes = (
        inspect.signature(_init).bind(self, *arguments, **keywords).arguments.get("prefix_list_id") or {}
    )
    self.listed_description = prefixes.get("Description")  # type: ignore[attr-defined]


def _description(self: SecurityGroupRule) -> str | None:
    said: str | None = (
        self.ip_range.get("Description")
        or self.source_group.get("Description")
        or getattr(self, "listed_description", None)
    )
    return said
