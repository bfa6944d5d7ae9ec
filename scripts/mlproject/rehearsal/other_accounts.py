"""The accounts of stages in a rehearsal: one for both, or one for each, as an organization gives them out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3

from mlproject import publish, workload_accounts
from mlproject.console import Progress
from mlproject.errors import UserError
from mlproject.rehearsal.inventory import account_inventory
from mlproject.rehearsal.local import ACCOUNT_ID, CREDENTIALS, REGION, LocalAws
from mlproject.rehearsal.people import People

SHARED = "444455556666"
IDS: Mapping[int, Mapping[str, str]] = {
    1: {},
    2: {"staging": SHARED, "production": SHARED},
    3: {"staging": SHARED, "production": "777788889999"},
}
"""The account of each stage that is not in the project's own, by how many accounts there are."""
DEVELOPER = "ApplicationDeveloper"
ADMINISTRATOR = "OrganizationAccountAccessRole"
"""What AWS Organizations calls the role by which an organization's administrators get into a new account."""


@dataclass(frozen=True)
class OtherAccounts:
    """The accounts besides the project's own.

    Attributes
    ----------
    ids
        The account of each stage.
    owners
        A session of each account's root.
    """

    ids: Mapping[str, str]
    owners: Mapping[str, boto3.Session]

    @property
    def publishing(self) -> dict[str, str]:
        """What the platform is published with."""
        return {f"{stage}_account": account for stage, account in self.ids.items()}

    def prepare(self, engineer: boto3.Session, progress: Progress) -> None:
        """The platform engineer prepares the accounts, as their administrator."""
        for id, owner in self.owners.items():
            role = _administrator(owner)
            account = workload_accounts.session_of(engineer, "", role)
            workload_accounts.prepare(
                engineer, account, progress, root=publish.ROOT, platform_stack=publish.STACK_NAME
            )
            progress(f"{id} is prepared")

    def with_developer(self, local: LocalAws, others: People, *, in_a_role: bool) -> People:
        """Return the people with an application developer of production's account, who alone may call its API.

        Parameters
        ----------
        local, others
            Where the accounts are, and who takes part.
        in_a_role
            Whether the developer has a role of their own rather than the account's root.
        """
        account = self.ids["production"]
        owner = self.owners[account]
        if not in_a_role:
            return replace(others, developer=owner)
        call = {
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": f"arn:aws:execute-api:*:{account}:*/prod/POST/predictions",
        }
        iam = owner.client("iam")
        trust = json.dumps(_trust(account))
        role = iam.create_role(RoleName=DEVELOPER, AssumeRolePolicyDocument=trust)["Role"]
        policy = {"Version": "2012-10-17", "Statement": [call]}
        iam.put_role_policy(RoleName=DEVELOPER, PolicyName=DEVELOPER, PolicyDocument=json.dumps(policy))
        return replace(others, developer=local.session_as(owner, role["Arn"]))

    def inventory(self) -> frozenset[str]:
        """Return everything in the accounts as ``<account>: <service>: <identifier>``."""
        return frozenset(self._entries())

    def _entries(self) -> Iterator[str]:
        for id, owner in self.owners.items():
            yield from (f"{id}: {entry}" for entry in account_inventory(owner))


def checked(accounts: int) -> OtherAccounts | None:
    """Return the accounts besides the first, None where there is but one.

    Raises
    ------
    UserError
        There is no life with so many.
    """
    if accounts not in IDS:
        raise UserError(
            "ACCOUNTS is 1, 2 (one for projects, one for both stages) or 3 (one for each stage, too)"
        )
    ids, secret = IDS[accounts], CREDENTIALS[1]
    owners = {
        id: boto3.Session(f"LOCALAWS{id}", secret, region_name=REGION) for id in sorted(set(ids.values()))
    }
    return OtherAccounts(ids, owners) if ids else None


def _trust(account: str) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _administrator(owner: boto3.Session) -> str:
    trust = json.dumps(_trust(ACCOUNT_ID))
    iam = owner.client("iam")
    role = iam.create_role(RoleName=ADMINISTRATOR, AssumeRolePolicyDocument=trust)["Role"]
    iam.attach_role_policy(RoleName=ADMINISTRATOR, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return role["Arn"]
