"""Calls the stage's API as an application would: signed, with the API key where the API asks for one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from deployment.deployment_errors import UserError

# API Gateway answers within 29 seconds.
_TIMEOUT = 30


class ApiClient:
    """A client of one stage's API.

    Parameters
    ----------
    url
        The stage's ``.../predictions``.
    region
        Region of the API.
    session
        Credentials that requests are signed with; default: the build's role.
    """

    def __init__(self, url: str, region: str, session: boto3.Session | None = None) -> None:
        self._url = url
        self._region = region
        self._session = session or boto3.Session(region_name=region)
        self._connection = requests.Session()
        self._api_key = ""

    def post(self, content: object, model: str = "") -> requests.Response:
        """Send ``content`` as JSON, with credentials; ask for the answer of ``model`` where there are several."""
        return self.send(json.dumps(content).encode(), "application/json", model)

    def send(self, body: bytes, content_type: str, model: str = "") -> requests.Response:
        """Send ``body`` as it is, with credentials."""
        url = f"{self._url}?{urlencode({'model': model})}" if model else self._url
        request = AWSRequest(
            "POST", url, data=body, headers={"Content-Type": content_type} | self._key_header()
        )
        credentials = self._session.get_credentials()
        if credentials is None:
            raise UserError("there are no AWS credentials to sign requests with")
        SigV4Auth(credentials, "execute-api", self._region).add_auth(request)
        return self._send(body, dict(request.headers), url)

    def send_unsigned(self, content: object) -> requests.Response:
        """Send ``content`` as JSON, without any credentials."""
        return self._send(json.dumps(content).encode(), {"Content-Type": "application/json"}, self._url)

    def use_api_key_if_asked(self) -> None:
        """Find out whether the API wants a key rather than a signature, and fetch it if so.

        API Gateway names the reason of a refusal: a missing signature is a missing token, a missing key is
        not.
        """
        refusal = self.send_unsigned({}).headers.get("x-amzn-ErrorType", "")
        if refusal.startswith("ForbiddenException"):
            self._api_key = find_api_key(self._session.client("apigateway"), self._url)

    def _key_header(self) -> dict[str, str]:
        return {"x-api-key": self._api_key} if self._api_key else {}

    def _send(self, body: bytes, headers: dict[str, str], url: str) -> requests.Response:
        return self._connection.post(url, data=body, headers=headers, timeout=_TIMEOUT)


def find_api_key(apigateway: Any, url: str) -> str:
    """Return the value of a key that the usage plan of the API's stage takes.

    Parameters
    ----------
    apigateway
        A boto3 client of API Gateway.
    url
        The stage's URL, which names API and stage.
    """
    parts = urlsplit(url)
    api, stage = parts.netloc.partition(".")[0], parts.path.split("/")[1]
    for page in apigateway.get_paginator("get_usage_plans").paginate():
        for plan in page["items"]:
            covered = {(entry["apiId"], entry["stage"]) for entry in plan.get("apiStages", ())}
            if (api, stage) in covered:
                return _first_key(apigateway, plan["id"])
    raise UserError(f"no usage plan covers stage {stage} of API {api}, so there is no API key to test with")


def _first_key(apigateway: Any, plan: str) -> str:
    keys = apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]
    if not keys:
        raise UserError(f"usage plan {plan} has no API key")
    return str(apigateway.get_api_key(apiKey=keys[0]["id"], includeValue=True)["value"])
