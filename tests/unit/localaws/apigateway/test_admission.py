"""Who may call: signatures, API keys with usage plans, limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from moto.sts.models import sts_backends

from localaws.services.apigateway.throttling import TokenBucket

REGION = "eu-west-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
)


@pytest.fixture
def guarded(api: Any) -> Any:
    """POST /things with AWS_IAM."""
    api.method("/things", "POST", authorizationType="AWS_IAM")
    api.permit()
    api.deploy()
    return api


@pytest.fixture
def user(api: Any) -> boto3.Session:
    iam = api.server.client("iam", REGION)
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)


@pytest.fixture
def role(api: Any) -> boto3.Session:
    iam, sts = api.server.client("iam", REGION), api.server.client("sts", REGION)
    arn = iam.create_role(RoleName="caller", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    given = sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)


def signed(
    session: boto3.Session,
    url: str,
    body: bytes,
    region: str = REGION,
    service: str = "execute-api",
    **more: str,
) -> dict[str, str]:
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    request = AWSRequest("POST", url, data=body, headers=headers)
    credentials = session.get_credentials()
    assert credentials is not None
    SigV4Auth(credentials, service, region).add_auth(request)
    return dict(request.headers)


def send(api: Any, session: boto3.Session, path: str = "/things", body: bytes = b"{}", **more: str) -> Any:
    url = api.url(path)
    return requests.post(url, data=body, headers=signed(session, url, body, **more), timeout=20)


def test_a_users_signature_is_taken_and_the_function_learns_who_calls(guarded: Any, user: Any) -> None:
    answer = send(guarded, user, path="/things?b=2&a=x%20y%2Fz&a=1", Content_Type="application/json")
    identity = answer.json()["requestContext"]["identity"]
    assert identity["userArn"] == "arn:aws:iam::123456789012:user/ann"
    assert identity["accessKey"] == user.get_credentials().access_key
    assert identity["accountId"] == "123456789012"


def test_a_roles_signature_is_taken_with_its_session_token(guarded: Any, role: Any) -> None:
    identity = send(guarded, role).json()["requestContext"]["identity"]
    assert identity["userArn"] == "arn:aws:sts::123456789012:assumed-role/caller/me"
    assert identity["caller"].startswith("AROA")
    assert identity["caller"].endswith(":me")


def test_a_signature_on_the_host_name_of_aws_is_taken_through_the_proxy(guarded: Any, role: Any) -> None:
    environment = guarded.server.environment(REGION)
    url = f"https://{guarded.id}.execute-api.{REGION}.amazonaws.com/test/things"
    answer = requests.post(
        url,
        data=b"{}",
        headers=signed(role, url, b"{}"),
        proxies={"https": environment["HTTPS_PROXY"]},
        verify=environment["REQUESTS_CA_BUNDLE"],
        timeout=20,
    )
    assert answer.status_code == 200, answer.text


def test_the_servers_own_key_is_the_accounts_root(guarded: Any) -> None:
    own = boto3.Session("AKIALOCALAWSSERVICE0", "localaws", region_name=REGION)
    identity = send(guarded, own).json()["requestContext"]["identity"]
    assert identity["userArn"] == "arn:aws:iam::123456789012:root"


def refused(answer: requests.Response, error_type: str) -> str:
    assert answer.status_code == 403, answer.text
    assert answer.headers["x-amzn-ErrorType"] == error_type
    return str(answer.json()["message"])


def test_without_a_signature_the_token_is_missing(guarded: Any) -> None:
    message = refused(guarded.post({}), "MissingAuthenticationTokenException")
    assert message == "Missing Authentication Token"


def test_a_wrong_secret_is_refused(guarded: Any, user: Any) -> None:
    wrong = boto3.Session(user.get_credentials().access_key, "wrong", region_name=REGION)
    assert "does not match the signature" in refused(send(guarded, wrong), "InvalidSignatureException")


def test_an_unknown_key_is_refused(guarded: Any) -> None:
    unknown = boto3.Session("AKIAUNKNOWN000000000", "secret", region_name=REGION)
    assert "invalid" in refused(send(guarded, unknown), "UnrecognizedClientException")


def test_an_inactive_key_is_refused(guarded: Any, user: Any) -> None:
    key = user.get_credentials().access_key
    iam = guarded.server.client("iam", REGION)
    iam.update_access_key(UserName="ann", AccessKeyId=key, Status="Inactive")
    refused(send(guarded, user), "UnrecognizedClientException")


def test_a_roles_key_without_its_token_is_refused(guarded: Any, role: Any) -> None:
    credentials = role.get_credentials()
    bare = boto3.Session(credentials.access_key, credentials.secret_key, region_name=REGION)
    refused(send(guarded, bare), "UnrecognizedClientException")


def test_expired_credentials_are_refused(guarded: Any, role: Any) -> None:
    (assumed,) = (
        item
        for item in sts_backends["123456789012"]["aws"].assumed_roles
        if item.access_key_id == role.get_credentials().access_key
    )
    assumed.expiration = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    refused(send(guarded, role), "ExpiredTokenException")


@pytest.mark.parametrize(
    ("scope", "complaint"),
    [({"region": "us-east-1"}, "valid region, not 'us-east-1'"), ({"service": "s3"}, "correct service")],
)
def test_a_signature_for_another_region_or_service_is_refused(
    guarded: Any, user: Any, scope: dict[str, str], complaint: str
) -> None:
    url = guarded.url("/things")
    answer = requests.post(url, data=b"{}", headers=signed(user, url, b"{}", **scope), timeout=20)
    assert complaint in refused(answer, "InvalidSignatureException")


def test_whatever_was_changed_after_signing_is_refused(guarded: Any, user: Any) -> None:
    url = guarded.url("/things?a=1")
    headers = signed(user, url, b"{}", X_Amz_Extra="1")
    for changed_url, body, more in (
        (url, b"{ }", {}),
        (guarded.url("/things?a=2"), b"{}", {}),
        (url, b"{}", {"X-Amz-Extra": "2"}),
    ):
        answer = requests.post(changed_url, data=body, headers=headers | more, timeout=20)
        refused(answer, "InvalidSignatureException")
    added = requests.post(url, data=b"{}", headers=headers | {"X-Amz-More": "1"}, timeout=20)
    assert "'x-amz-more' must be a 'SignedHeader'" in refused(added, "InvalidSignatureException")


@pytest.mark.parametrize(("minutes", "state"), [(-6, "expired"), (6, "not yet current")])
def test_a_signature_of_another_time_is_refused(guarded: Any, user: Any, minutes: int, state: str) -> None:
    url = guarded.url("/things")
    headers = signed(user, url, b"{}")
    time = datetime.now(UTC) + timedelta(minutes=minutes)
    headers["X-Amz-Date"] = f"{time:%Y%m%dT%H%M%SZ}"
    scope = headers["Authorization"].split("/")
    headers["Authorization"] = "/".join([scope[0], f"{time:%Y%m%d}", *scope[2:]])
    answer = requests.post(url, data=b"{}", headers=headers, timeout=20)
    assert f"Signature {state}" in refused(answer, "InvalidSignatureException")


def test_an_authorization_header_of_another_form_is_refused(guarded: Any) -> None:
    answer = guarded.post({}, Authorization="AWS4-HMAC-SHA256 nonsense")
    refused(answer, "IncompleteSignatureException")


@pytest.fixture
def keyed(api: Any) -> Any:
    """POST /things with an API key, on the stages test and prod; a plan that covers test only."""
    api.method("/things", "POST", apiKeyRequired=True)
    api.permit()
    api.deploy()
    api.deploy("prod")
    api.key = api.gateway.create_api_key(name="key", enabled=True)
    api.plan = api.gateway.create_usage_plan(name="plan", apiStages=[{"apiId": api.id, "stage": "test"}])[
        "id"
    ]
    api.gateway.create_usage_plan_key(usagePlanId=api.plan, keyId=api.key["id"], keyType="API_KEY")
    return api


def test_a_key_opens_the_stages_of_its_usage_plan_only(keyed: Any) -> None:
    value = keyed.key["value"]
    identity = keyed.post({}, x_api_key=value).json()["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (value, keyed.key["id"])
    assert refused(keyed.call("POST", "/things", stage="prod", x_api_key=value), "ForbiddenException")


def test_without_a_key_with_a_wrong_one_or_with_one_switched_off_it_is_forbidden(keyed: Any) -> None:
    assert refused(keyed.post({}), "ForbiddenException") == "Forbidden"
    assert refused(keyed.post({}, x_api_key="x" * 20), "ForbiddenException") == "Forbidden"
    off = [{"op": "replace", "path": "/enabled", "value": "false"}]
    keyed.gateway.update_api_key(apiKey=keyed.key["id"], patchOperations=off)
    assert refused(keyed.post({}, x_api_key=keyed.key["value"]), "ForbiddenException") == "Forbidden"


def patch_plan(api: Any, *patches: tuple[str, str]) -> Any:
    operations = [{"op": "replace", "path": path, "value": value} for path, value in patches]
    return api.gateway.update_usage_plan(usagePlanId=api.plan, patchOperations=operations)


def test_a_usage_plan_throttles_its_keys(keyed: Any) -> None:
    plan = patch_plan(keyed, ("/throttle/rateLimit", "0.01"), ("/throttle/burstLimit", "2"))
    assert plan["throttle"] == {"rateLimit": 0.01, "burstLimit": 2}
    statuses = [keyed.post({}, x_api_key=keyed.key["value"]).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_quota_ends(keyed: Any) -> None:
    patch_plan(keyed, ("/quota/limit", "1"), ("/quota/period", "DAY"))
    assert keyed.post({}, x_api_key=keyed.key["value"]).status_code == 200
    answer = keyed.post({}, x_api_key=keyed.key["value"])
    assert (answer.status_code, answer.json()) == (429, {"message": "Limit Exceeded"})


def test_a_stage_throttles_everybody_and_by_method(things: Any) -> None:
    things.patch_stage(("/*/*/throttling/rateLimit", "0.01"), ("/*/*/throttling/burstLimit", "1"))
    assert [things.post({}).status_code for _ in range(2)] == [200, 429]
    path = "/things/POST/throttling"
    things.patch_stage((f"{path}/rateLimit", "100"), (f"{path}/burstLimit", "5"))
    assert [things.post({}).status_code for _ in range(2)] == [200, 200]
    removal = [{"op": "remove", "path": "/things/POST"}]
    things.gateway.update_stage(restApiId=things.id, stageName="test", patchOperations=removal)
    assert things.post({}).status_code == 200
    answer = things.post({})
    assert (answer.status_code, answer.json()) == (429, {"message": "Too Many Requests"})
    things.patch_stage(("/*/*/throttling/rateLimit", "-1"))
    assert things.post({}).status_code == 200


def test_a_bucket_refills_at_its_rate_up_to_its_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("localaws.services.apigateway.throttling.time.monotonic", lambda: clock[0])
    bucket = TokenBucket(rate=2, burst=3)
    bucket.refilled = 0.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock[0] = 60.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
