"""The server answers moto's calls, at its own address and as a proxy under AWS's real names."""

from __future__ import annotations

import boto3
import pytest
import requests
from botocore.config import Config
from localaws.server import LocalAws


def test_an_api_call_is_answered_at_the_plain_endpoint(localaws: LocalAws) -> None:
    identity = localaws.client("sts", "us-east-1").get_caller_identity()
    assert identity["Account"] == localaws.account_id


def test_the_health_page_names_the_services(localaws: LocalAws) -> None:
    health = requests.get(f"{localaws.endpoint}/_localaws/health", timeout=5).json()
    assert health["status"] == "running"
    assert "events" in health["services"]


def test_a_sandboxed_client_is_its_role_under_aws_own_names(
    localaws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = f"arn:aws:iam::{localaws.account_id}:role/builder"
    for name, value in localaws.environment("eu-west-1", role).items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    arn = session.client("sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{localaws.account_id}:assumed-role/builder/localaws"
    s3 = session.client("s3", config=Config(s3={"addressing_style": "virtual"}))
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="data", Key="a/b", Body=b"x" * 60_000_000)
    assert s3.head_object(Bucket="data", Key="a/b")["ContentLength"] == 60_000_000
