"""Functions run: from archives, warm and concurrent, failing as AWS fails, behind versions, aliases and policies."""

from __future__ import annotations

import base64
import io
import json
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.image_import import register
from localaws.server import LocalAws
from localaws.services.awslambda import allows

REGION = "eu-west-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
Create = Callable[..., dict[str, Any]]


def archive(source: str) -> bytes:
    """Return a deployment package with one module, ``index``."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("index.py", textwrap.dedent(source))
    return package.getvalue()


@pytest.fixture
def role(localaws: LocalAws) -> str:
    """A role that Lambda may assume."""
    iam = localaws.client("iam", REGION)
    answer = iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(answer["Role"]["Arn"])


@pytest.fixture
def create(localaws: LocalAws, role: str) -> Create:
    """Create the function ``f`` from source."""

    def create(source: str, **options: Any) -> dict[str, Any]:
        settings = {
            "FunctionName": "f",
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"ZipFile": archive(source)},
            "Timeout": 20,
            **options,
        }
        answer: dict[str, Any] = localaws.client("lambda", REGION).create_function(**settings)
        return answer

    return create


def invoke(localaws: LocalAws, event: Any = None, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Invoke ``f``; return its answer and the call's."""
    options.setdefault("FunctionName", "f")
    answer = localaws.client("lambda", REGION).invoke(Payload=json.dumps(event), **options)
    body = answer["Payload"].read()
    return (json.loads(body) if body else None), answer


ECHO = """
import os
count = 0
def handler(event, context):
    global count
    count += 1
    print("got", event)
    return {"event": event, "count": count, "pid": os.getpid(), "arn": context.invoked_function_arn,
            "left": context.get_remaining_time_in_millis(), "name": context.function_name,
            "greeting": os.environ.get("GREETING"), "region": os.environ["AWS_REGION"]}
"""


def test_a_function_answers_and_stays_warm(localaws: LocalAws, create: Create) -> None:
    create(ECHO, Environment={"Variables": {"GREETING": "hello"}})
    first, call = invoke(localaws, {"a": 1}, LogType="Tail")
    assert first["event"] == {"a": 1}
    assert (first["name"], first["greeting"], first["region"]) == ("f", "hello", REGION)
    assert 0 < first["left"] <= 20_000
    assert first["arn"] == f"arn:aws:lambda:{REGION}:{localaws.account_id}:function:f"
    assert (call["StatusCode"], call["ExecutedVersion"]) == (200, "$LATEST")
    tail = base64.b64decode(call["LogResult"]).decode().splitlines()
    assert tail[0].startswith("START RequestId: ")
    assert "got {'a': 1}" in tail
    assert "Init Duration" in tail[-1]
    second, _ = invoke(localaws)
    assert (second["count"], second["pid"]) == (2, first["pid"])


def test_every_invocation_is_framed_in_the_log(localaws: LocalAws, create: Create) -> None:
    create(ECHO)
    for number in range(3):
        invoke(localaws, f"event {number}", LogType="Tail")
    events = localaws.client("logs", REGION).filter_log_events(logGroupName="/aws/lambda/f")["events"]
    words = [event["message"].split()[0] for event in events]
    assert words == ["START", "got", "END", "REPORT"] * 3


def test_a_json_log_reports_in_json(localaws: LocalAws, create: Create) -> None:
    create(ECHO, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/my/logs"})
    invoke(localaws, LogType="Tail")
    events = localaws.client("logs", REGION).filter_log_events(logGroupName="/my/logs")["events"]
    kinds = [json.loads(event["message"]).get("type") for event in events if event["message"].startswith("{")]
    assert [kinds[0], kinds[-1]] == ["platform.start", "platform.report"]


def test_logs_reach_cloudwatch(localaws: LocalAws, create: Create) -> None:
    create(ECHO)
    invoke(localaws, "unmistakable")
    events = localaws.client("logs", REGION).filter_log_events(logGroupName="/aws/lambda/f")["events"]
    assert "got unmistakable" in [event["message"] for event in events]


def test_a_function_calls_aws_as_its_role(localaws: LocalAws, create: Create) -> None:
    create(
        """
        import boto3
        def handler(event, context):
            return boto3.client("sts").get_caller_identity()["Arn"]
        """
    )
    arn, _ = invoke(localaws)
    assert arn.startswith(f"arn:aws:sts::{localaws.account_id}:assumed-role/function/")


def test_concurrent_events_run_side_by_side(localaws: LocalAws, create: Create, tmp_path: Path) -> None:
    create(
        """
        import os, pathlib, time
        def handler(event, context):
            met = pathlib.Path(event)
            (met / str(os.getpid())).touch()
            while len(list(met.iterdir())) < 3:
                time.sleep(0.05)
            return os.getpid()
        """,
        Timeout=60,
    )
    met = tmp_path / "met"
    met.mkdir()
    with ThreadPoolExecutor(3) as threads:
        processes = {pid for pid, _ in threads.map(lambda _: invoke(localaws, str(met)), range(3))}
    assert len(processes) == 3


def test_reserved_concurrency_throttles(localaws: LocalAws, create: Create) -> None:
    create(ECHO)
    client = localaws.client("lambda", REGION)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException, match="Rate Exceeded"):
        invoke(localaws)


def test_an_exception_is_the_answer_with_the_error_header(localaws: LocalAws, create: Create) -> None:
    create("def handler(event, context):\n    raise ValueError('no')")
    error, call = invoke(localaws)
    assert call["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no")


def test_a_module_that_cannot_be_imported_is_named(localaws: LocalAws, create: Create) -> None:
    create("import nothing_like_this")
    error, call = invoke(localaws, LogType="Tail")
    assert call["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "nothing_like_this" in error["errorMessage"]
    assert "nothing_like_this" in base64.b64decode(call["LogResult"]).decode()


def test_a_function_that_takes_too_long_is_ended(localaws: LocalAws, create: Create) -> None:
    create("import time\ndef handler(event, context):\n    time.sleep(60)", Timeout=1)
    error, call = invoke(localaws)
    assert call["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_process_that_dies_is_reported_and_replaced(localaws: LocalAws, create: Create) -> None:
    create(
        """
        import os, signal
        def handler(event, context):
            if event == "die":
                os._exit(3)
            if event == "be killed":
                os.kill(os.getpid(), signal.SIGKILL)
            return "fine"
        """
    )
    error, _ = invoke(localaws, "die")
    assert error["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in error["errorMessage"]
    error, _ = invoke(localaws, "be killed")
    assert error["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert invoke(localaws)[0] == "fine"


def test_an_event_is_accepted_at_once_and_retried(localaws: LocalAws, create: Create) -> None:
    localaws.client("s3", "us-east-1").create_bucket(Bucket="tries")
    create(
        """
        import boto3
        def handler(event, context):
            s3 = boto3.client("s3", region_name="us-east-1")
            number = len(s3.list_objects_v2(Bucket="tries").get("Contents", []))
            s3.put_object(Bucket="tries", Key=str(number), Body=b"")
            if number == 0:
                raise RuntimeError("once more")
        """
    )
    body, call = invoke(localaws, InvocationType="Event")
    assert (body, call["StatusCode"]) == (None, 202)
    s3 = localaws.client("s3", "us-east-1")
    deadline = time.monotonic() + 60
    while s3.list_objects_v2(Bucket="tries")["KeyCount"] < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert s3.list_objects_v2(Bucket="tries")["KeyCount"] == 2


def test_a_dry_run_runs_nothing(localaws: LocalAws, create: Create) -> None:
    create("raise SystemExit")
    assert invoke(localaws, InvocationType="DryRun")[1]["StatusCode"] == 204


def test_a_version_keeps_its_code_and_an_alias_moves(localaws: LocalAws, create: Create) -> None:
    client = localaws.client("lambda", REGION)
    assert create("def handler(event, context):\n    return 'one'", Publish=True)["Version"] == "1"
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.update_function_code(
        FunctionName="f", ZipFile=archive("def handler(event, context):\n    return 'two'")
    )
    assert invoke(localaws)[0] == "two"
    answer, call = invoke(localaws, Qualifier="live")
    assert (answer, call["ExecutedVersion"]) == ("one", "1")
    assert client.publish_version(FunctionName="f")["Version"] == "2"
    assert client.publish_version(FunctionName="f")["Version"] == "2"
    client.update_alias(FunctionName="f", Name="live", FunctionVersion="2")
    arn = client.get_alias(FunctionName="f", Name="live")["AliasArn"]
    assert invoke(localaws, FunctionName=arn)[0] == "two"
    with pytest.raises(client.exceptions.ResourceConflictException, match="live"):
        client.delete_function(FunctionName="f", Qualifier="2")
    versions = client.list_versions_by_function(FunctionName="f")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]


def test_a_changed_configuration_reaches_the_next_call(localaws: LocalAws, create: Create) -> None:
    create(ECHO, Environment={"Variables": {"GREETING": "hello"}})
    invoke(localaws)
    localaws.client("lambda", REGION).update_function_configuration(
        FunctionName="f", Environment={"Variables": {"GREETING": "bye"}}
    )
    answer, _ = invoke(localaws)
    assert (answer["greeting"], answer["count"]) == ("bye", 1)


def test_a_policy_belongs_to_its_qualifier(localaws: LocalAws, create: Create) -> None:
    create(ECHO, Publish=True)
    client = localaws.client("lambda", REGION)
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    api = f"arn:aws:execute-api:{REGION}:{localaws.account_id}:abc/*"
    client.add_permission(
        FunctionName="f",
        Qualifier="live",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=api,
    )
    source = api.replace("*", "prod/POST/predictions")
    service = "apigateway.amazonaws.com"
    assert allows(localaws.account_id, REGION, "f", "live", service, source)
    assert not allows(localaws.account_id, REGION, "f", "", service, source)
    assert not allows(localaws.account_id, REGION, "f", "live", service, source.replace("abc", "xyz"))
    policy = json.loads(client.get_policy(FunctionName="f", Qualifier="live")["Policy"])
    assert policy["Statement"][0]["Condition"] == {"ArnLike": {"AWS:SourceArn": api}}
    client.remove_permission(FunctionName="f", Qualifier="live", StatementId="api")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName="f", Qualifier="live")


def test_a_role_that_lambda_cannot_assume_is_refused(localaws: LocalAws, create: Create) -> None:
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        create(ECHO, Role=f"arn:aws:iam::{localaws.account_id}:role/missing")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"Runtime": "nodejs22.x"}, "localaws runs Python functions, not nodejs22.x"),
        ({"Code": {"ZipFile": b"no archive"}}, "Could not unzip"),
        ({"Code": {"S3Bucket": "none", "S3Key": "none"}}, "NoSuchBucket"),
        ({"Layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"]}, "Layers"),
    ],
)
def test_what_cannot_run_is_refused_in_words(create: Create, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        create(ECHO, **options)


def test_an_image_that_is_not_there_is_refused(localaws: LocalAws, role: str) -> None:
    uri = f"{localaws.account_id}.dkr.ecr.{REGION}.amazonaws.com/api:1"
    with pytest.raises(ClientError, match="Source image"):
        localaws.client("lambda", REGION).create_function(
            FunctionName="f", Role=role, PackageType="Image", Code={"ImageUri": uri}
        )


def test_an_unsupported_operation_is_named(localaws: LocalAws, create: Create) -> None:
    create(ECHO)
    with pytest.raises(ClientError, match="CreateFunctionUrlConfig"):
        localaws.client("lambda", REGION).create_function_url_config(FunctionName="f", AuthType="NONE")


def test_a_deleted_function_is_gone(localaws: LocalAws, create: Create) -> None:
    create(ECHO)
    client = localaws.client("lambda", REGION)
    client.delete_function(FunctionName="f")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found"):
        invoke(localaws)


def test_a_topic_delivers_to_a_function(localaws: LocalAws, create: Create) -> None:
    arn = create(ECHO)["FunctionArn"]
    sns = localaws.client("sns", REGION)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello", Subject="news")
    logs = localaws.client("logs", REGION)
    deadline = time.monotonic() + 60
    messages = ""
    while "news" not in messages and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/f")["logGroups"]
        if groups:
            events = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
            messages = "\n".join(event["message"] for event in events)
    assert f"'TopicArn': '{topic}'" in messages


def test_an_image_function_runs_its_own_handler(localaws: LocalAws, role: str, tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "code.py").write_text("def handler(event, context):\n    return event * 2")
    (context / "Dockerfile").write_text(
        "FROM python:3.11\nWORKDIR /function\nCOPY code.py .\n"
        f'ENTRYPOINT ["{sys.executable}", "-m", "awslambdaric"]\nCMD ["code.nothing"]\n'
    )
    ecr = localaws.client("ecr", REGION)
    ecr.create_repository(repositoryName="api")
    prepared = localaws.images.prepare(context, context / "Dockerfile", {}, lambda line: None)
    uri = register(ecr, prepared, "api", "1")
    client = localaws.client("lambda", REGION)
    client.create_function(
        FunctionName="f",
        Role=role,
        PackageType="Image",
        Code={"ImageUri": uri.split("@")[0] + ":1"},
        ImageConfig={"Command": ["code.handler"]},
        Timeout=20,
    )
    assert client.get_function(FunctionName="f")["Code"]["ResolvedImageUri"] == uri
    assert invoke(localaws, 21)[0] == 42
