"""IAM tells beforehand what a role may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.unit.localaws.iam.conftest import ACCOUNT, Person, allow

Client = Callable[..., Any]


def test_a_simulation_decides_as_a_request_would_be(
    owner: boto3.Session, person: Person, client: Client
) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    person(
        "Simulated",
        allow("s3:GetObject", "arn:aws:s3:::open/*"),
        allow("iam:PassRole", Condition=condition),
        {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
    )
    answer = client(owner, "iam").simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/Simulated",
        ActionNames=["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "iam:PassRole"],
        ResourceArns=["arn:aws:s3:::open/a"],
        ContextEntries=[
            {
                "ContextKeyName": "iam:PassedToService",
                "ContextKeyValues": ["sagemaker.amazonaws.com"],
                "ContextKeyType": "string",
            }
        ],
    )
    assert {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]} == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicitDeny",
        "s3:DeleteObject": "explicitDeny",
        "iam:PassRole": "allowed",
    }
    assert answer["IsTruncated"] is False


def test_a_role_that_is_not_there_cannot_be_simulated(owner: boto3.Session, client: Client) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client(owner, "iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/Absent", ActionNames=["s3:GetObject"]
        )
