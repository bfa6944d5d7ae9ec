"""The record of a rehearsal's IAM: localaws tells who used what; ``report.json`` and the page for people go out."""

from __future__ import annotations

import importlib.resources
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from mlproject.rehearsal.local import STUDIO_ROLE, LocalAws
from mlproject.rehearsal.people import STATEMENTS

PATH = "/_localaws/iam"
PROJECT_ROLE = re.compile(r"sagemaker-.+-p-[a-z0-9]{12}-(?P<actor>[a-z-]+)")
PLATFORM_ROLE = re.compile(r".*-(?P<name>[A-Za-z]+Role)-[A-Z0-9]{12}")
"""CloudFormation's name for a role: stack, logical id, chance."""
NOT_OURS = frozenset({STUDIO_ROLE, "PlatformEngineer"})
"""Roles with policies of AWS's own, or an administrator's: what they do not use says nothing."""


@dataclass(frozen=True)
class RoleUse:
    """What a role may do and what it did.

    Attributes
    ----------
    name
        ``platform/...``, ``project/...`` or a person's role.
    granted, used
        Actions; what was used may come from a resource's policy as well.
    void
        Actions that are named on resources that they can never be on.
    """

    name: str
    granted: frozenset[str]
    used: frozenset[str]
    void: tuple[str, ...] = ()

    @property
    def unused(self) -> list[str]:
        """What its policies grant and nobody used."""
        return [] if self.name in NOT_OURS else sorted(self.granted - self.used)


def read(local: LocalAws) -> dict[str, Any]:
    """Return localaws's record so far; it remembers the policies of roles that exist now."""
    answer = requests.get(f"{local.endpoint}{PATH}", timeout=30)
    answer.raise_for_status()
    record: dict[str, Any] = answer.json()
    return record


def write(record: Mapping[str, Any], folder: Path) -> list[str]:
    """Write ``record.json``, ``report.json`` and ``report.md``; return what is wrong, in sentences.

    Parameters
    ----------
    record
        What `read` returned.
    folder
        Where the files go.
    """
    roles = sorted(_roles(record), key=lambda role: role.name)
    reasons = _reasons()
    report = _report(record, roles, reasons)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "report.md").write_text(_page(record, roles, reasons))
    wrong = [each["message"] for each in report["denied"]]
    wrong += [f"nobody knows which action {each} is" for each in report["unknown"]]
    wrong += [
        f"{each.name} names {', '.join(each.void)} where it has no effect" for each in roles if each.void
    ]
    return wrong + [f"{name} does not use {', '.join(unused)}" for name, unused in report["unused"].items()]


Reasons = Mapping[tuple[str, str], str]


def _reasons() -> Reasons:
    """Return why a role has an action that it does not use, by role and action."""
    text = importlib.resources.files("mlproject.rehearsal").joinpath("iam_reasons.toml").read_text()
    return {
        (role, action): entry["because"]
        for entry in tomllib.loads(text)["reason"]
        for role in entry["roles"]
        for action in entry["actions"]
    }


def _roles(record: Mapping[str, Any]) -> Iterator[RoleUse]:
    for arn, entry in record["principals"].items():
        if ":role/" in arn:
            name = _name(arn.rpartition("/")[2])
            yield RoleUse(
                name,
                frozenset(entry["granted"]),
                frozenset(entry["used"]),
                () if name in NOT_OURS else tuple(entry["void"]),
            )


def _name(role: str) -> str:
    project = PROJECT_ROLE.fullmatch(role)
    if project:
        return f"project/{project['actor']}"
    match = PLATFORM_ROLE.fullmatch(role)
    return f"platform/{match['name']}" if match else role


def _report(record: Mapping[str, Any], roles: list[RoleUse], reasons: Reasons) -> dict[str, Any]:
    unused = {role.name: [each for each in role.unused if (role.name, each) not in reasons] for role in roles}
    explained = {
        role.name: {each: reasons[role.name, each] for each in role.unused if (role.name, each) in reasons}
        for role in roles
    }
    return {
        "denied": record["denied"],
        "unknown": record["unknown"],
        "unused": {name: actions for name, actions in unused.items() if actions},
        "explained": {name: actions for name, actions in explained.items() if actions},
    }


def _page(record: Mapping[str, Any], roles: list[RoleUse], reasons: Reasons) -> str:
    lines = [
        "# Least privilege",
        "",
        "Written by `make rehearse IAM=enforce`: a project's life in which everybody and every service acts under a "
        "role of its own, and what policies do not allow is denied. An action counts as granted where an Allow of the "
        "role's policies names it, wildcards spelled out, on a resource that it could be on. Why a role has what the "
        "rehearsal does not use stands in `scripts/mlproject/rehearsal/iam_reasons.toml`; "
        "[localaws.md](localaws.md#iam) says how it is decided and what is not.",
        "",
        f"Denied: {len(record['denied'])}. Requests whose action is unknown: {len(record['unknown'])}.",
        "",
        "| role | granted | used | unused, with a reason | unused without |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(role, reasons) for role in roles]
    for role in roles:
        lines += ["", *_section(role, reasons)]
    return "\n".join(lines) + "\n"


def _row(role: RoleUse, reasons: Reasons) -> str:
    bare = [each for each in role.unused if (role.name, each) not in reasons]
    granted = "not ours" if role.name in NOT_OURS else str(len(role.granted))
    return f"| `{role.name}` | {granted} | {len(role.used)} | {len(role.unused) - len(bare)} | {len(bare)} |"


def _section(role: RoleUse, reasons: Reasons) -> list[str]:
    lines = [f"## {role.name}", "", f"Used: {_listed(sorted(role.used)) or 'nothing'}."]
    by_reason: dict[str, list[str]] = {}
    for action in role.unused:
        by_reason.setdefault(reasons.get((role.name, action), "**no reason is known**"), []).append(action)
    if by_reason:
        lines += ["", "| not used | because |", "|---|---|"]
        lines += [f"| {_listed(actions)} | {because} |" for because, actions in by_reason.items()]
    if role.name in STATEMENTS and role.name not in NOT_OURS:
        statements = json.dumps(list(STATEMENTS[role.name]), indent=2)
        lines += ["", "The policy of such a person:", "", "```json", statements, "```"]
    return lines


def _listed(actions: list[str]) -> str:
    """Return actions as text, those of a service together."""
    services: dict[str, list[str]] = {}
    for action in actions:
        service, _, name = action.partition(":")
        services.setdefault(service, []).append(name)
    return "; ".join(f"`{service}:` {', '.join(names)}" for service, names in services.items())
