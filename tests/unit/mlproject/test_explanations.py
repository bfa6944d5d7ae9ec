"""An error that nobody here made says what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from mlproject import explanations
from mlproject.errors import UserError


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "The token is no good."}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UserError("no project 'churn'"), "no project 'churn'"),
        (
            NoCredentialsError(),
            "Unable to locate credentials: sign in first, or name a profile with AWS_PROFILE",
        ),
        (NoRegionError(), "You must specify a region: name one with --region or AWS_REGION"),
        (
            EndpointConnectionError(endpoint_url="https://sts.nowhere-1.amazonaws.com/"),
            'Could not connect to the endpoint URL: "https://sts.nowhere-1.amazonaws.com/": is there a network here,'
            " and is the region's name right?",
        ),
        (S3UploadFailedError("Failed to upload a to b"), "Failed to upload a to b"),
        (
            refused("AccessDenied"),
            "AWS refused GetCallerIdentity: The token is no good. (AccessDenied)",
        ),
        (
            refused("ExpiredToken"),
            "AWS refused GetCallerIdentity: The token is no good. (ExpiredToken): renew your credentials, then try"
            " again",
        ),
        (PermissionError(13, "Permission denied", "/root/x"), "/root/x: Permission denied"),
        (OSError("something about a file"), "something about a file"),
    ],
)
def test_an_error_is_told_in_a_sentence(error: Exception, told: str) -> None:
    assert isinstance(error, explanations.EXPECTED)
    assert explanations.sentence(error) == told


def test_a_defect_is_none_of_the_expected_errors() -> None:
    assert not issubclass(KeyError, explanations.EXPECTED)
    assert not issubclass(ValueError, explanations.EXPECTED)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "missing.yaml").read_text()
    assert explanations.sentence(caught.value) == f"{tmp_path}/missing.yaml: No such file or directory"
