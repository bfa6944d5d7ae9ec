"""What the platform's stack has and what a `publish` says anew come in; the stack's parameters go out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from mlproject.errors import UserError

MOST_STUDIO_ROLES = 5
MOST_CONNECTIONS = 10

_PRINCIPAL = re.compile(r"arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(role|user|group|assumed-role)/(.+)")
_CONNECTION = re.compile(
    r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]{36}"
)


class Place(StrEnum):
    """Where leads find the template."""

    CATALOG = "catalog"
    S3 = "s3"


_PARAMETERS: Mapping[Place, tuple[str, str]] = {
    Place.CATALOG: ("ServiceCatalog", "true"),
    Place.S3: ("S3Templates", "false"),
}
"""The stack's parameter of each place, and what a stack of before these parameters has published to."""


def places(current: Mapping[str, str], asked: Collection[Place]) -> frozenset[Place]:
    """Return where a version is published: where it is asked for, else where the last ones were, else the catalog.

    Parameters
    ----------
    current
        The stack's parameters.
    asked
        What the caller says; may be empty.
    """
    return frozenset(asked) or _present(current) or frozenset({Place.CATALOG})


def parameters(
    current: Mapping[str, str],
    version: str,
    studio_roles: Sequence[str],
    wanted: Collection[Place],
    *,
    vendored: bool,
    network: Mapping[str, str] = MappingProxyType({}),
    connections: Collection[str] = (),
) -> dict[str, str]:
    """Return the stack's parameters: what is there stays, except for what this publishing says anew."""
    if len(studio_roles) > MOST_STUDIO_ROLES:
        raise UserError(f"at most {MOST_STUDIO_ROLES} Studio roles can be given")
    made = dict(current)
    # Projects live on where they were created from: no place is taken away.
    kept = _present(current).union(wanted)
    for place, (name, _) in _PARAMETERS.items():
        made[name] = str(place in kept).lower()
    # The product's first version is CloudFormation's; were it to change, living projects would lose theirs.
    made["FirstTemplateVersion"] = current.get("FirstTemplateVersion") or version
    if studio_roles:
        principals = [principal(arn) for arn in studio_roles]
        placed = _placed(current.get("StudioRoleArns", "").split(","), principals)
        made["StudioRoleArns"] = ",".join(placed)
    made["LeadRoleNames"] = ",".join(_role_names(made)) if Place.S3 in kept else ""
    if connections:
        if others := [arn for arn in connections if not _CONNECTION.fullmatch(arn)]:
            raise UserError(f"{', '.join(others)}: not the ARN of a connection")
        if len(set(connections)) > MOST_CONNECTIONS:
            raise UserError(
                f"at most {MOST_CONNECTIONS} connections can be given: policies have no room for more"
            )
        made["ConnectionArns"] = ",".join(dict.fromkeys(connections))
    if vendored:
        made["TerraformSource"] = "bucket"
    return made | dict(network)


def principal(arn: str) -> str:
    """Return the ARN that Service Catalog wants for ``arn``: a session of a role stands for its role.

    Raises
    ------
    UserError
        If it is no role, user or group.
    """
    found = _PRINCIPAL.fullmatch(arn)
    if found is None:
        raise UserError(f"{arn!r} is not the ARN of a role, user or group that may create projects")
    partition, _, account, kind, name = found.groups()
    if kind == "assumed-role":
        kind, name = "role", name.split("/")[0]
    return f"arn:{partition}:iam::{account}:{kind}/{name}"


def _present(current: Mapping[str, str]) -> frozenset[Place]:
    """Return where a stack has published to; nowhere, as long as it has no archives."""
    if not current.get("RunnerArchiveKey"):
        return frozenset()
    return frozenset(
        place for place, (name, default) in _PARAMETERS.items() if current.get(name, default) == "true"
    )


def _role_names(made: Mapping[str, str]) -> list[str]:
    """Return the names of the Studio roles, which the lead's policy is attached to."""
    arns = [arn for arn in made.get("StudioRoleArns", "").split(",") if arn]
    if others := [arn for arn in arns if ":role/" not in arn]:
        raise UserError(
            f"templates in S3 are for roles, not for {', '.join(others)}: publish without it, and attach the"
            " policy of the stack's output LeadPolicyArn to it"
        )
    return [arn.rpartition("/")[2] for arn in arns]


def _placed(current: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return ``wanted`` with everyone who stays in the place where they are.

    A role that moved to another place would lose its access: CloudFormation gives it to the new place's resource
    first and takes it away with the old place's afterwards.
    """
    found = [arn if arn in wanted else "" for arn in current[:MOST_STUDIO_ROLES]]
    found += [""] * (MOST_STUDIO_ROLES - len(found))
    for arn in wanted:
        if arn not in found:
            found[found.index("")] = arn
    return ",".join(found).rstrip(",").split(",")
