"""An error of AWS's SDK or of this machine comes in; what happened and what to do about it, in a sentence, goes out."""

from __future__ import annotations

from collections.abc import Mapping

from boto3.exceptions import Boto3Error
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from mlproject.errors import MlprojectError

EXPECTED = (MlprojectError, ClientError, BotoCoreError, Boto3Error, OSError)
"""What is no defect of ours: told in a sentence, without a traceback."""

_HINTS: Mapping[type[Exception], str] = {
    exceptions.NoCredentialsError: "sign in first, or name a profile with AWS_PROFILE",
    exceptions.NoRegionError: "name one with --region or AWS_REGION",
    exceptions.ConnectionError: "is there a network here, and is the region's name right?",
}
_UNKNOWN_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def sentence(error: Exception) -> str:
    """Return what a person should read of one of the `EXPECTED` errors."""
    if isinstance(error, ClientError):
        return f"AWS refused {error.operation_name}: {aws_words(error)}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    hint = next((hint for kind, hint in _HINTS.items() if isinstance(error, kind)), "")
    return f"{str(error).rstrip('.')}: {hint}" if hint else str(error)


def aws_words(error: ClientError) -> str:
    """Return AWS's message and code, and what to do where credentials are not taken."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    told = f"{message} ({code})"
    return f"{told}: renew your credentials, then try again" if code in _UNKNOWN_CREDENTIALS else told
