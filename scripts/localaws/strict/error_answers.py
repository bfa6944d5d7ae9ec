"""Holds an error answer against the model: a code that the operation or every AWS service has, and a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

# Errors that AWS documents for every service ("Common Errors"), and that models leave out, in both spellings.
COMMON = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalFailure",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "InvalidSignatureException",
    "MalformedQueryString",
    "MissingAction",
    "MissingParameter",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SerializationException",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
}
# What localaws says of an operation that it, or moto, does not have.
OWN = {"NotImplemented", "UnsupportedOperation"}
# S3 and EC2 list their errors in the manual, not in the model.
UNMODELLED = {"ec2", "s3"}


def error_faults(
    operation: OperationModel, protocol: str, status: int, parsed: Mapping[str, Any]
) -> list[str]:
    """Return what is wrong with an error answer, as botocore reads it."""
    error = parsed.get("Error", {})
    code, message = error.get("Code", ""), error.get("Message", "")
    service = operation.service_model
    if str(service.service_name) in UNMODELLED:
        return [] if code else ["an error without a code"]
    found = []
    codes = {name for shape in operation.error_shapes for name in _names(shape)}
    # A service that once spoke the query protocol still answers by its old codes, and sends the model's beside.
    if not {code, error.get("QueryErrorCode")} & (codes | COMMON | OWN):
        found.append(
            f"the error {code!r} ({message!r}) is none of the operation's: {', '.join(sorted(codes))}"
        )
    if not isinstance(message, str):
        found.append(f"the error {code!r} has no message")
    if protocol in ("json", "rest-json") and not 400 <= status < 600:
        found.append(f"status {status} for an error")
    return found


def _names(shape: Any) -> tuple[str, str]:
    return str(shape.name), str(shape.error_code)
