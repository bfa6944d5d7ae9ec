"""The accounts that staging and production of projects are in: named when the platform is published, prepared after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from mlproject import stack_deploy
from mlproject.errors import UserError

if TYPE_CHECKING:
    from mlproject.console import Progress

STACK_NAME = "mlproject-stages"
_PARAMETERS = {"staging": "StagingAccountId", "production": "ProductionAccountId"}
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Prepared:
    """An account that stages may be in.

    Attributes
    ----------
    stages
        ``staging``, ``production`` or both.
    role_arn
        What the platform's runner takes on there.
    """

    account_id: str
    stages: tuple[str, ...]
    role_arn: str


def parameters(
    session: boto3.Session, current: Mapping[str, str], staging: str, production: str
) -> dict[str, str]:
    """Return the platform stack's parameters that name the accounts of stages; empty leaves one as it is.

    Raises
    ------
    UserError
        An account is none, is the platform's own, or another than living projects may have their stages in.
    """
    asked = {stage: id for stage, id in (("staging", staging), ("production", production)) if id}
    home_account = session.client("sts").get_caller_identity()["Account"] if asked else ""
    made = {}
    for stage, account in asked.items():
        name, present = _PARAMETERS[stage], current.get(_PARAMETERS[stage], "")
        if not _ACCOUNT.fullmatch(account):
            raise UserError(f"{account!r} is no account for {stage}: give the twelve digits of its id")
        if account == home_account:
            raise UserError(f"{account} is the platform's own account: leave it out, and {stage} is there")
        if present not in ("", account):
            raise UserError(
                f"{stage} of this platform's projects is in account {present}, and projects cannot be moved: publish"
                f" into another region or account for {stage} in {account}"
            )
        made[name] = account
    return made


def prepare(
    session: boto3.Session,
    account: boto3.Session,
    progress: Progress,
    *,
    root: Path,
    platform_stack: str,
) -> Prepared:
    """Deploy what stages need into an account; doing it again changes nothing.

    Parameters
    ----------
    session
        Of the account that the platform is published in.
    account
        Of the account that is to be prepared.
    root
        The checkout.
    platform_stack
        Name of the platform's stack.

    Raises
    ------
    UserError
        There is no platform, or it knows nothing of this account.
    """
    platform = stack_deploy.read(session, platform_stack)
    if platform is None or "StageRoleName" not in platform.outputs:
        raise UserError("publish the platform first: its stack tells what the account is prepared with")
    account_id = account.client("sts").get_caller_identity()["Account"]
    stages = tuple(
        stage for stage, name in _PARAMETERS.items() if platform.parameters.get(name) == account_id
    )
    if not stages:
        raise UserError(
            f"account {account_id} is neither staging nor production of the platform: publish with --staging-account"
            f" {account_id} or --production-account {account_id}"
        )
    template = (root / "cloudformation" / "workload-account.yaml").read_text(encoding="utf-8")
    key = platform.outputs["KmsKeyArn"]
    given = {
        "ToolingAccountId": key.split(":")[4],
        "RunnerRoleArn": platform.outputs["RunnerRoleArn"],
        "ToolingKeyArn": key,
        "RoleName": platform.outputs["StageRoleName"],
    }
    progress(f"preparing account {account_id} for {' and '.join(stages)}")
    stack = stack_deploy.deploy(account, STACK_NAME, {"TemplateBody": template}, given, progress)
    return Prepared(account_id, stages, stack.outputs["RoleArn"])


def session_of(session: boto3.Session, profile: str, role_arn: str) -> boto3.Session:
    """Return a session in the account of a profile of the AWS configuration, or of a role that the caller may assume.

    Raises
    ------
    UserError
        Neither is given, or both are.
    """
    if bool(profile) == bool(role_arn):
        raise UserError("say who prepares the account: either --profile or --role-arn")
    if profile:
        return boto3.Session(profile_name=profile, region_name=session.region_name)
    given = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="mlproject")["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=session.region_name
    )
