"""The application developer's side: one request to the project's REST API, signed or not, and its answer."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mlproject.rehearsal.local import CREDENTIALS, REGION, LocalAws

TIMEOUT_SECONDS = 60.0


def post(
    local: LocalAws, url: str, body: bytes, content_type: str = "application/json", signed: bool = True
) -> requests.Response:
    """POST ``body`` to the API at its real host name and return the answer, whatever its status."""
    headers = {"content-type": content_type, "host": urlsplit(url).netloc}
    request = AWSRequest("POST", url, headers, body)
    if signed:
        SigV4Auth(Credentials(*CREDENTIALS), "execute-api", REGION).add_auth(request)
    return requests.post(
        url,
        data=body,
        headers=dict(request.headers),
        proxies={"https": local.endpoint},
        verify=str(local.certificate_authority),
        timeout=TIMEOUT_SECONDS,
    )
