"""A server that is killed and started again on its data folder goes on: what was made is there, what ran is told of."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

REGION = "us-east-1"
BUILD_SPEC = "version: 0.2\nphases: {build: {commands: ['sleep 300']}}\n"
TEMPLATE = {
    "Parameters": {"Name": {"Type": "String", "Default": "one"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Value": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Name"}}},
    },
}


class Server:
    """localaws as a program of its own, which can be killed and started again."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "localaws", "--port", "0", "--data", str(self.data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.endpoint = self.process.stdout.readline().split()[4]

    def kill(self) -> None:
        requests.post(f"{self.endpoint}/_localaws/snapshot", timeout=60).raise_for_status()
        self.end(signal.SIGKILL)

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # the name is data here
            service,
            REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    made.end(signal.SIGTERM)


def until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not question():
        assert time.monotonic() < end
        time.sleep(0.1)


def role(server: Server) -> str:
    names = [f"{name}.amazonaws.com" for name in ("codebuild", "codepipeline", "cloudformation")]
    statement = {"Effect": "Allow", "Principal": {"Service": names}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = server.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


def start_build(server: Server, role_arn: str) -> str:
    codebuild = server.client("codebuild")
    codebuild.create_project(
        name="builds",
        source={"type": "NO_SOURCE", "buildspec": BUILD_SPEC},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role_arn,
    )
    return str(codebuild.start_build(projectName="builds")["build"]["id"])


def action(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, **more}


def start_pipeline(server: Server, role_arn: str) -> None:
    server.client("codecommit").create_repository(repositoryName="code")
    server.client("codecommit").put_file(
        repositoryName="code", branchName="main", filePath="a", fileContent=b"a", commitMessage="a"
    )
    source = {"RepositoryName": "code", "BranchName": "main", "PollForSourceChanges": "false"}
    fetch = action(
        "Fetch", "Source", "CodeCommit", configuration=source, outputArtifacts=[{"name": "Output"}]
    )
    stages = [
        {"name": "Source", "actions": [fetch]},
        {"name": "Gate", "actions": [action("Ask", "Approval", "Manual")]},
    ]
    pipeline = {
        "name": "line",
        "roleArn": role_arn,
        "artifactStore": {"type": "S3", "location": "things"},
        "stages": stages,
    }
    server.client("codepipeline").create_pipeline(pipeline=pipeline)
    until(lambda: bool(gate(server).get("token")))


def gate(server: Server) -> dict[str, Any]:
    stages = server.client("codepipeline").get_pipeline_state(name="line")["stageStates"]
    return dict(stages[1]["actionStates"][0].get("latestExecution", {}))


def pipeline_status(server: Server) -> str:
    listed = server.client("codepipeline").list_pipeline_executions(pipelineName="line")
    return str(listed["pipelineExecutionSummaries"][0]["status"])


def test_a_killed_server_goes_on(server: Server) -> None:
    s3, kms, cloudformation = (server.client(name) for name in ("s3", "kms", "cloudformation"))
    s3.create_bucket(Bucket="things")
    s3.put_object(Bucket="things", Key="small", Body=b"small")
    s3.put_object(Bucket="things", Key="large", Body=b"x" * (20 << 20))
    s3.upload_fileobj(io.BytesIO(b"y" * (20 << 20)), "things", "in parts")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(TEMPLATE))
    role_arn = role(server)
    build = start_build(server, role_arn)
    start_pipeline(server, role_arn)
    until(lambda: describe_build(server, build)["currentPhase"] == "BUILD")

    server.kill()
    server.start()

    assert server.client("s3").get_object(Bucket="things", Key="small")["Body"].read() == b"small"
    assert server.client("s3").head_object(Bucket="things", Key="large")["ContentLength"] == 20 << 20
    assert server.client("s3").get_object(Bucket="things", Key="in parts")["Body"].read() == b"y" * (20 << 20)
    assert server.client("kms").decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"
    ended = describe_build(server, build)
    assert ended["buildStatus"] == "FAULT"
    assert any(
        "power loss" in context["message"]
        for phase in ended["phases"]
        for context in phase.get("contexts", [])
    )
    update_stack(server)
    approve(server)


def describe_build(server: Server, build: str) -> dict[str, Any]:
    return dict(server.client("codebuild").batch_get_builds(ids=[build])["builds"][0])


def update_stack(server: Server) -> None:
    cloudformation = server.client("cloudformation")
    cloudformation.update_stack(
        StackName="stack",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "two"}],
    )
    until(
        lambda: (
            cloudformation.describe_stacks(StackName="stack")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
        )
    )


def approve(server: Server) -> None:
    """The gate asks again, and what is decided there ends the execution that waited over the restart."""
    until(lambda: bool(gate(server).get("token")))
    server.client("codepipeline").put_approval_result(
        pipelineName="line",
        stageName="Gate",
        actionName="Ask",
        token=gate(server)["token"],
        result={"status": "Approved", "summary": "fine"},
    )
    until(lambda: pipeline_status(server) == "Succeeded")
    commit = server.client("codecommit").get_branch(repositoryName="code", branchName="main")
    assert commit["branch"]["commitId"]


def test_an_orderly_end_loses_nothing(server: Server) -> None:
    server.client("sqs").create_queue(QueueName="queue")
    server.end(signal.SIGTERM)
    server.start()
    assert server.client("sqs").list_queues()["QueueUrls"]
