"""The application developer's side: one request to the project's REST API, signed or not, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mlproject.rehearsal.local import CREDENTIALS, REGION, LocalAws

if TYPE_CHECKING:
    import boto3

TIMEOUT_SECONDS = 60.0


def post(
    local: LocalAws,
    url: str,
    body: bytes,
    content_type: str = "application/json",
    signed: bool = True,
    caller: boto3.Session | None = None,
) -> requests.Response:
    """POST ``body`` to the API at its real host name and return the answer, whatever its status.

    Without a ``caller`` the account's owner signs.
    """
    headers = {"content-type": content_type, "host": urlsplit(url).netloc}
    request = AWSRequest("POST", url, headers, body)
    if signed:
        known = caller.get_credentials() if caller is not None else None
        SigV4Auth(known or Credentials(*CREDENTIALS), "execute-api", REGION).add_auth(request)
    return requests.post(
        url,
        data=body,
        headers=dict(request.headers),
        proxies={"https": local.endpoint},
        verify=str(local.certificate_authority),
        timeout=TIMEOUT_SECONDS,
    )
