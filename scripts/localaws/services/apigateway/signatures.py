"""Verifies a request's AWS signature (version 4): the caller comes out, or a GatewayError that says what is wrong."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, HTTPHeaders
from botocore.credentials import Credentials
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition
from werkzeug import Request

from localaws.accounts import root_of
from localaws.identity import ROOT_SECRET
from localaws.services.apigateway.exchange import Caller
from localaws.services.apigateway.gateway_responses import GatewayError

SERVICE = "execute-api"
_SKEW = timedelta(minutes=5)
_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/aws4_request,\s*SignedHeaders=(?P<headers>[a-z0-9;_-]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class Known:
    """Credentials that IAM or STS gave out."""

    secret: str
    token: str
    expires: datetime | None
    caller: Caller


def verify(request: Request, body: bytes, account: str, region: str) -> Caller:
    """Return who signed ``request``.

    Signatures in the query string (presigned URLs) are not read: such a request counts as unsigned.

    Parameters
    ----------
    request, body
        The request as it came in.
    account, region
        Those of the API.

    Raises
    ------
    GatewayError
        No signature, or one that AWS would not accept.
    """
    header = request.headers.get("Authorization", "")
    if not header.startswith("AWS4-HMAC-SHA256"):
        raise GatewayError("MISSING_AUTHENTICATION_TOKEN")
    match = _AUTHORIZATION.fullmatch(header.strip())
    if match is None:
        raise _incomplete(f"Authorization header is not in the form of AWS Signature Version 4: {header!r}")
    _check_scope(match, region)
    signed = match["headers"].split(";")
    time = _signing_time(request, match["date"])
    _check_signed_headers(request, signed)
    known = _find(match["key"], account, region)
    _check_token(request, known)
    expected = _signature(request, body, signed, time, match["key"], known, region)
    if not hmac.compare_digest(expected, match["signature"]):
        raise GatewayError("INVALID_SIGNATURE")
    return known.caller


def _incomplete(message: str) -> GatewayError:
    return GatewayError("INVALID_SIGNATURE", message, error_type="IncompleteSignatureException")


def _check_scope(match: re.Match[str], region: str) -> None:
    if match["region"] != region:
        raise GatewayError(
            "INVALID_SIGNATURE", f"Credential should be scoped to a valid region, not '{match['region']}'."
        )
    if match["service"] != SERVICE:
        raise GatewayError(
            "INVALID_SIGNATURE", f"Credential should be scoped to correct service: '{SERVICE}'."
        )


def _signing_time(request: Request, date: str) -> str:
    text = request.headers.get("X-Amz-Date", "")
    try:
        signed_at = datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise _incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' header."
        ) from error
    if not text.startswith(date):
        raise GatewayError(
            "INVALID_SIGNATURE", f"Date in Credential scope does not match X-Amz-Date: {date} and {text}."
        )
    now = datetime.now(UTC)
    if abs(now - signed_at) > _SKEW:
        state = "expired" if signed_at < now else "not yet current"
        raise GatewayError(
            "INVALID_SIGNATURE",
            f"Signature {state}: {text} is too far from {now:{_TIME_FORMAT}} (5 min. are allowed)",
        )
    return text


def _check_signed_headers(request: Request, signed: list[str]) -> None:
    # AWS insists on the host and on every x-amz- header: anything else could be changed on the way.
    sent = {name.lower() for name, _ in request.headers}
    wanted = {"host"} | {name for name in sent if name.startswith("x-amz-")}
    missing = sorted(wanted - set(signed))
    if missing:
        raise GatewayError(
            "INVALID_SIGNATURE", f"'{missing[0]}' must be a 'SignedHeader' in the AWS Authorization."
        )


def _find(key: str, account: str, region: str) -> Known:
    known = next(iter(_candidates(key, get_partition(region))), None)
    if known is None:
        raise GatewayError(
            "ACCESS_DENIED",
            "The security token included in the request is invalid.",
            error_type="UnrecognizedClientException",
        )
    return known


def _candidates(key: str, partition: str) -> Iterator[Known]:
    for account in list(sts_backends):
        role = sts_backends[account][partition].get_assumed_role_from_access_key(key)
        if role is not None:
            caller = Caller(key, role.user_id, role.arn, account)
            expires = role.expiration.replace(tzinfo=UTC)
            yield Known(role.secret_access_key, role.session_token, expires, caller)
    for account in list(iam_backends):
        for user in list(iam_backends[account][partition].users.values()):
            for access_key in user.access_keys:
                if access_key.access_key_id == key and access_key.status == "Active":
                    yield Known(
                        access_key.secret_access_key, "", None, Caller(key, user.id, user.arn, account)
                    )
    if account := root_of(key):
        root = Caller(key, account, f"arn:{partition}:iam::{account}:root", account)
        yield Known(ROOT_SECRET, "", None, root)


def _check_token(request: Request, known: Known) -> None:
    if known.expires is not None and known.expires < datetime.now(UTC):
        raise GatewayError("EXPIRED_TOKEN")
    if not hmac.compare_digest(request.headers.get("X-Amz-Security-Token", ""), known.token):
        raise GatewayError(
            "ACCESS_DENIED",
            "The security token included in the request is invalid.",
            error_type="UnrecognizedClientException",
        )


class _Verification(SigV4Auth):
    """botocore's signer, made to sign what the client said it signed, with the body that really came."""

    def headers_to_sign(self, request: Any) -> HTTPHeaders:
        headers: HTTPHeaders = request.context["signed"]
        return headers

    def payload(self, request: Any) -> str:
        return hashlib.sha256(request.data).hexdigest()


def _signature(
    request: Request, body: bytes, signed: list[str], time: str, key: str, known: Known, region: str
) -> str:
    headers = HTTPHeaders()
    for name in signed:
        headers[name] = request.headers.get(name, "")
    raw = str(request.environ.get("RAW_URI") or request.full_path)
    # Its X-Amz-Content-SHA256, if any, is among the signed headers; the body's real hash is what counts.
    signing = AWSRequest(request.method, f"{request.scheme}://{request.host}{raw}", data=body)
    signing.context.update({"timestamp": time, "signed": headers})
    auth = _Verification(Credentials(key, known.secret), SERVICE, region)
    text = auth.string_to_sign(signing, auth.canonical_request(signing))
    return str(auth.signature(text, signing))
