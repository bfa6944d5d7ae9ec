"""The registry lets through what ECR's API would: each part of a push or pull is an action of the caller's role."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import boto3
import requests

from localaws.server import LocalAws

from .conftest import ACCOUNT, REGION, Person, allow

REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/app"
UPLOADS = ["ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload"]


def test_a_push_takes_the_rights_of_each_of_its_steps(
    enforcing: LocalAws, owner: boto3.Session, person: Person, client: Callable[..., Any]
) -> None:
    client(owner, "ecr").create_repository(repositoryName="team/app")
    pusher = person("image-pusher", allow("ecr:GetAuthorizationToken"), allow(UPLOADS, REPOSITORY))
    token = client(pusher, "ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    base = f"{enforcing.endpoint}/v2/{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/app"
    with requests.Session() as http:
        http.trust_env = False
        http.auth = ("AWS", base64.b64decode(token).decode().removeprefix("AWS:"))
        assert http.post(f"{base}/blobs/uploads/").status_code == 202
        assert http.head(f"{base}/blobs/sha256:{'0' * 64}").status_code == 404
        refused = http.put(f"{base}/manifests/one", data="{}")
        pulled = http.get(f"{base}/manifests/one")
    assert (refused.status_code, pulled.status_code) == (403, 403)
    error = refused.json()["errors"][0]
    assert error["code"] == "DENIED"
    assert (
        f"image-pusher/someone is not authorized to perform: ecr:PutImage on resource: {REPOSITORY}"
        in error["message"]
    )
