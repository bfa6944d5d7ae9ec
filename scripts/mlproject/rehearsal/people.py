"""The people of a rehearsal, each in an IAM role of their own that may do what their work needs and nothing more.

What is written here is what a person needs in a real account, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlproject.rehearsal.local import ACCOUNT_ID, LocalAws

if TYPE_CHECKING:
    import boto3

Statements = Sequence[Mapping[str, Any]]

PROJECT = "sagemaker-*"
"""What the names of all projects' things begin with."""

STATEMENTS: Mapping[str, Statements] = {
    # Who publishes makes roles, a key and buckets: an administrator, as the page on publishing says.
    "PlatformEngineer": [
        {"Sid": "Administrator", "Effect": "Allow", "Action": "*", "Resource": "*"},
    ],
    "DataScientist": [
        {
            "Sid": "FollowPipelines",
            "Effect": "Allow",
            "Action": [
                "codepipeline:GetPipeline",
                "codepipeline:GetPipelineState",
                "codepipeline:ListPipelineExecutions",
            ],
            "Resource": f"arn:aws:codepipeline:*:{ACCOUNT_ID}:{PROJECT}",
        },
        {
            "Sid": "WorkOnRepositories",
            "Effect": "Allow",
            "Action": ["codecommit:GitPull", "codecommit:GitPush"],
            "Resource": f"arn:aws:codecommit:*:{ACCOUNT_ID}:{PROJECT}",
        },
        {
            "Sid": "ReadModelVersions",
            "Effect": "Allow",
            "Action": "sagemaker:DescribeModelPackage",
            "Resource": f"arn:aws:sagemaker:*:{ACCOUNT_ID}:model-package/{PROJECT}",
        },
        {
            "Sid": "ListWhatSageMakerHas",
            "Effect": "Allow",
            "Action": ["sagemaker:ListEndpoints", "sagemaker:ListModelPackages"],
            "Resource": "*",
        },
        # The key's policy lets readers of a project's bucket use the key through S3.
        {
            "Sid": "ReadReports",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{PROJECT}/training/*",
        },
    ],
    "Approver": [
        {
            "Sid": "DecideOnModelVersions",
            "Effect": "Allow",
            "Action": "sagemaker:UpdateModelPackage",
            "Resource": f"arn:aws:sagemaker:*:{ACCOUNT_ID}:model-package/{PROJECT}",
        },
        {
            "Sid": "ListModelVersions",
            "Effect": "Allow",
            "Action": "sagemaker:ListModelPackages",
            "Resource": "*",
        },
        {
            "Sid": "DecideAtTheGate",
            "Effect": "Allow",
            "Action": [
                "codepipeline:GetPipelineState",
                "codepipeline:ListActionExecutions",
                "codepipeline:PutApprovalResult",
            ],
            "Resource": f"arn:aws:codepipeline:*:{ACCOUNT_ID}:{PROJECT}-modeldeploy*",
        },
    ],
    "ApplicationDeveloper": [
        {
            "Sid": "CallTheApi",
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": f"arn:aws:execute-api:*:{ACCOUNT_ID}:*/prod/POST/predictions",
        },
    ],
}


@dataclass(frozen=True)
class People:
    """Sessions of a project's people.

    Attributes
    ----------
    engineer
        Publishes the template.
    scientist
        Follows builds and reads what training left.
    approver
        Decides on model versions and at the gate.
    developer
        Calls the REST API.
    """

    engineer: boto3.Session
    scientist: boto3.Session
    approver: boto3.Session
    developer: boto3.Session


def all_as(session: boto3.Session) -> People:
    """Return one person who does everybody's work."""
    return People(session, session, session, session)


def in_own_roles(local: LocalAws, owner: boto3.Session, for_developer: Statements = ()) -> People:
    """Make everybody's role and return sessions of people who have taken theirs on.

    Parameters
    ----------
    local, owner
        Where the account is, and who makes the roles.
    for_developer
        What the application developer may do besides.
    """
    more = {"ApplicationDeveloper": for_developer}
    sessions = [
        _join(local, owner, name, [*statements, *more.get(name, ())])
        for name, statements in STATEMENTS.items()
    ]
    return People(*sessions)


def _join(local: LocalAws, owner: boto3.Session, name: str, statements: Statements) -> boto3.Session:
    client = owner.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT_ID}}],
    }
    role = client.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = {"Version": "2012-10-17", "Statement": statements}
    client.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    return local.session_as(owner, role["Arn"])
