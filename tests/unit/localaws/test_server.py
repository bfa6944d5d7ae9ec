"""The server answers moto's calls, at its own address and as a proxy under AWS's real names."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest
import requests
from botocore.config import Config

from localaws.errors import UserError
from localaws.server import LocalAws, application


def test_an_api_call_is_answered_at_the_plain_endpoint(localaws: LocalAws) -> None:
    identity = localaws.client("sts", "us-east-1").get_caller_identity()
    assert identity["Account"] == localaws.account_id


def test_the_health_page_names_the_services(localaws: LocalAws) -> None:
    health = requests.get(f"{localaws.endpoint}/_localaws/health", timeout=30).json()
    assert health["status"] == "running"
    assert health["process"] == os.getpid()
    assert "events" in health["services"]
    assert health["engine"] == {"name": "processes", "reason": "processes were asked for"}


def test_a_server_that_listens_at_another_address_is_reached_there_with_the_same_names(
    tmp_path: Path,
) -> None:
    server = LocalAws(tmp_path)
    endpoint = server.listen_at("127.0.0.2")
    server.start()
    folder = Path("/etc/somewhere")
    inside = server.environment("us-east-1", endpoint=endpoint, certificates=folder)
    try:
        answer = requests.get(
            "https://sts.us-east-1.amazonaws.com/_localaws/health",
            proxies={"https": inside["HTTPS_PROXY"]},
            verify=str(server.certificates[0]),
            timeout=30,
        )
    finally:
        server.close()
    assert answer.ok
    assert inside["HTTPS_PROXY"] == f"http://127.0.0.2:{server.endpoint.rpartition(':')[2]}"
    assert Path(inside["AWS_CA_BUNDLE"]) == folder / server.certificates[0].name


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


@pytest.mark.parametrize(
    "service",
    [
        "apigateway",
        "application-autoscaling",
        "cloudformation",
        "cloudwatch",
        "codebuild",
        "codecommit",
        "codepipeline",
        "dynamodb",
        "ec2",
        "ecr",
        "events",
        "iam",
        "kms",
        "lambda",
        "logs",
        "resourcegroupstaggingapi",
        "s3",
        "sagemaker",
        "sagemaker-runtime",
        "secretsmanager",
        "servicecatalog",
        "sns",
        "sqs",
        "ssm",
        "sts",
        "wafv2",
    ],
)
def test_a_service_is_found_by_its_real_name(service: str) -> None:
    url = boto3.client(service, region_name="eu-west-1").meta.endpoint_url  # type: ignore[call-overload]
    application_of = application().get_application(
        {"HTTP_HOST": url.removeprefix("https://"), "PATH_INFO": "/"}
    )
    names = {"application-autoscaling": "applicationautoscaling", "lambda": "awslambda"}
    expected = names.get(service, service).replace("-", "")
    assert application_of.service == expected  # type: ignore[attr-defined]


def test_a_host_that_nothing_stands_in_for_is_named(localaws: LocalAws) -> None:
    answer = requests.get(localaws.endpoint, headers={"Host": "quantum.eu-west-1.amazonaws.com"}, timeout=30)
    assert answer.status_code == 501
    assert "nothing here stands in for quantum.eu-west-1.amazonaws.com" in answer.json()["message"]


def test_logs_are_written_line_by_line(localaws: LocalAws) -> None:
    write = localaws.log_writer("eu-west-1", "/a/group", "stream")
    write("one")
    localaws.log_writer("eu-west-1", "/a/group", "stream")("two")
    events = localaws.client("logs", "eu-west-1").get_log_events(
        logGroupName="/a/group", logStreamName="stream", startFromHead=True
    )["events"]
    assert [event["message"] for event in events] == ["one", "two"]


def test_a_log_group_that_was_deleted_takes_no_lines_and_stops_nobody(localaws: LocalAws) -> None:
    write = localaws.log_writer("eu-west-1", "/a/group", "stream")
    logs = localaws.client("logs", "eu-west-1")
    logs.delete_log_group(logGroupName="/a/group")
    write("too late")
    assert logs.describe_log_groups()["logGroups"] == []


def test_a_restarted_server_begins_empty_with_the_same_authority(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = LocalAws(folder)
    first.start()
    (folder / "codecommit").mkdir()
    authority = (folder / "tls" / "ca.pem").read_bytes()
    first.close()
    second = LocalAws(folder)
    second.start()
    second.close()
    assert not (folder / "codecommit").exists()
    assert (folder / "tls" / "ca.pem").read_bytes() == authority


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="holds other files"):
        LocalAws(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
