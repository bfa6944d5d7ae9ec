"""boto3 with nothing but an endpoint: paginators, waiters, resources, presigned requests, transfers in parts."""

from __future__ import annotations

import io
from typing import Any

import boto3
import pytest
import requests
from boto3.s3.transfer import TransferConfig

from localaws.server import LocalAws


@pytest.fixture
def session(programs: Any, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Return a session that knows AWS by its environment only."""
    for name, value in programs.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return boto3.Session()


def test_pages_are_turned(session: boto3.Session) -> None:
    repositories = session.client("codecommit")
    for number in range(7):
        repositories.create_repository(repositoryName=f"r{number}")
    pages = session.client("codecommit").get_paginator("list_repositories").paginate()
    assert len([item for page in pages for item in page["repositories"]]) == 7
    ssm = session.client("ssm")
    for number in range(12):
        ssm.put_parameter(Name=f"/p/{number}", Value="x", Type="String")
    found = ssm.get_paginator("get_parameters_by_path").paginate(Path="/p", PaginationConfig={"PageSize": 5})
    assert len([item for page in found for item in page["Parameters"]]) == 12


def test_files_go_in_parts_and_by_presigned_requests(session: boto3.Session) -> None:
    bucket = session.resource("s3").Bucket("things")
    bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket.wait_until_exists()
    config = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    bucket.upload_fileobj(io.BytesIO(b"x" * 12_000_000), "large", Config=config)
    assert bucket.Object("large").content_length == 12_000_000
    post = session.client("s3").generate_presigned_post("things", "form")
    answer = requests.post(post["url"], data=post["fields"], files={"file": b"by a form"}, timeout=30)
    assert answer.status_code == 204
    assert bucket.Object("form").get()["Body"].read() == b"by a form"
    assert sorted(item.key for item in bucket.objects.all()) == ["form", "large"]
    bucket.objects.delete()


def test_a_waiter_sees_a_stack_through(session: boto3.Session) -> None:
    stacks = session.client("cloudformation")
    template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    stacks.create_stack(StackName="waited", TemplateBody=template)
    stacks.get_waiter("stack_create_complete").wait(StackName="waited", WaiterConfig={"Delay": 1})
    stacks.delete_stack(StackName="waited")
    stacks.get_waiter("stack_delete_complete").wait(StackName="waited", WaiterConfig={"Delay": 1})


def test_an_error_is_the_client_s_own_exception(session: boto3.Session, localaws: LocalAws) -> None:
    repositories = session.client("codecommit")
    with pytest.raises(repositories.exceptions.RepositoryDoesNotExistException):
        repositories.get_repository(repositoryName="gone")
    table = session.client("dynamodb")
    with pytest.raises(table.exceptions.ResourceNotFoundException):
        table.describe_table(TableName="gone")
