"""The accounts of stages in a rehearsal: one for staging and one for production, as an organization gives them out."""

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

MOST = 3
IDS: Mapping[str, str] = {"staging": "444455556666", "production": "777788889999"}
DEVELOPER = "ApplicationDeveloper"
ADMINISTRATOR = "OrganizationAccountAccessRole"
"""What AWS Organizations calls the role by which an organization's administrators get into a new account."""


@dataclass(frozen=True)
class OtherAccounts:
    """The accounts besides the project's own.

    Attributes
    ----------
    owners
        A session of each account's root, by stage.
    """

    owners: Mapping[str, boto3.Session]

    @property
    def publishing(self) -> dict[str, str]:
        """What the platform is published with."""
        return {f"{stage}_account": IDS[stage] for stage in self.owners}

    def prepare(self, engineer: boto3.Session, progress: Progress) -> None:
        """The platform engineer prepares the accounts, as their administrator."""
        for stage, owner in self.owners.items():
            role = _administrator(owner)
            account = workload_accounts.session_of(engineer, "", role)
            workload_accounts.prepare(
                engineer, account, progress, root=publish.ROOT, platform_stack=publish.STACK_NAME
            )
            progress(f"{stage} is prepared")

    def with_developer(self, local: LocalAws, others: People, *, in_a_role: bool) -> People:
        """Return the people with an application developer of production's account, who alone may call its API.

        Parameters
        ----------
        local, others
            Where the accounts are, and who takes part.
        in_a_role
            Whether the developer has a role of their own rather than the account's root.
        """
        owner = self.owners["production"]
        if not in_a_role:
            return replace(others, developer=owner)
        call = {
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": f"arn:aws:execute-api:*:{IDS['production']}:*/prod/POST/predictions",
        }
        iam = owner.client("iam")
        role = iam.create_role(
            RoleName=DEVELOPER, AssumeRolePolicyDocument=json.dumps(_trust(IDS["production"]))
        )["Role"]
        policy = {"Version": "2012-10-17", "Statement": [call]}
        iam.put_role_policy(RoleName=DEVELOPER, PolicyName=DEVELOPER, PolicyDocument=json.dumps(policy))
        return replace(others, developer=local.session_as(owner, role["Arn"]))

    def inventory(self) -> frozenset[str]:
        """Return everything in the accounts as ``<account>: <service>: <identifier>``."""
        return frozenset(self._entries())

    def _entries(self) -> Iterator[str]:
        for stage, owner in self.owners.items():
            yield from (f"{IDS[stage]}: {entry}" for entry in account_inventory(owner))


def checked(accounts: int) -> OtherAccounts | None:
    """Return the accounts besides the first, None where there is but one.

    Raises
    ------
    UserError
        There is no life with so many.
    """
    if accounts not in (1, MOST):
        raise UserError(f"ACCOUNTS is 1 or {MOST} (one for projects, one for staging, one for production)")
    if accounts == 1:
        return None
    secret = CREDENTIALS[1]
    return OtherAccounts(
        {
            stage: boto3.Session(f"LOCALAWS{account}", secret, region_name=REGION)
            for stage, account in IDS.items()
        }
    )


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
