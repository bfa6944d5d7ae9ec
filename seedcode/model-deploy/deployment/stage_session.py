"""Where a stage is another account's, takes on the role that looks at it there; tests, report and `render` use it."""

from __future__ import annotations

import boto3


def stage_session(test_role_arn: str, stage: str) -> boto3.Session:
    """Return a session in the stage's account.

    Parameters
    ----------
    test_role_arn
        Role in that account; empty where the stage is in this build's own account.
    stage
        The stage, which names the session in the account's trail.
    """
    own = boto3.Session()
    if not test_role_arn:
        return own
    given = own.client("sts").assume_role(RoleArn=test_role_arn, RoleSessionName=f"tests-{stage}")[
        "Credentials"
    ]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=own.region_name
    )
