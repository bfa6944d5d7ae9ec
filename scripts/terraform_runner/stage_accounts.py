"""The roles of a project's stages in other accounts come in; sessions of the runner in those accounts go out."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from types_boto3_sts import STSClient


def sessions(session: boto3.Session, role_arns: Collection[str], project_id: str) -> list[boto3.Session]:
    """Return a session in each account that has a stage of the project and is not the project's own.

    Parameters
    ----------
    session
        The runner's own.
    role_arns
        The roles that the platform prepared in those accounts; two stages may share one.
    project_id
        What the sessions are called, for those who read the accounts' trails.
    """
    sts = session.client("sts")
    return [_session(sts, arn, project_id, session.region_name) for arn in sorted(set(role_arns))]


def _session(sts: STSClient, role_arn: str, name: str, region: str) -> boto3.Session:
    given = sts.assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=region
    )
