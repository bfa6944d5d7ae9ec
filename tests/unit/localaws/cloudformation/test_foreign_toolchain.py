"""A toolchain as other people write them: parallel checks, many artifacts, variables, a link to judge by, a stack."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .conftest import REGION, Stacks

TOOLCHAIN = (Path(__file__).parent / "foreign/toolchain.yaml").read_text()
LIVE = {
    "Parameters": {"Whole": {"Type": "String"}},
    "Resources": {
        "Value": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/live", "Type": "String", "Value": {"Ref": "Whole"}},
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Value"}}},
}


def seed(stacks: Stacks) -> None:
    """Put the archives that the repositories begin with."""
    s3 = stacks.server.client("s3", REGION)
    s3.create_bucket(Bucket="seeds")
    trees = {
        "code": {"main.txt": "one\ntwo\n"},
        "settings": {"live.txt": "three\n", "stack.json": json.dumps(LIVE)},
    }
    for name, files in trees.items():
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        s3.put_object(Bucket="seeds", Key=f"{name}.zip", Body=body.getvalue())


def until(question: Callable[[], Any]) -> Any:
    """Ask until there is an answer."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise TimeoutError(question)


def test_a_toolchain_of_two_repositories_builds_asks_deploys_and_tells(stacks: Stacks) -> None:
    seed(stacks)
    values = {"ProjectName": "demo", "SeedBucket": "seeds"}
    stack = stacks.create(
        TOOLCHAIN,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    pipelines, sqs, ssm = (stacks.server.client(name, REGION) for name in ("codepipeline", "sqs", "ssm"))
    name = stacks.outputs()["Pipeline"]

    def status() -> str:
        newest = pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"][0]
        return str(newest["status"])

    def rung() -> Any:
        assert status() == "InProgress", pipelines.list_action_executions(pipelineName=name)
        url = stacks.outputs()["Inbox"]
        return sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages")

    approval = json.loads(until(rung)[0]["Body"])["approval"]
    commit = stacks.server.client("codecommit", REGION).get_branch(
        repositoryName="demo-code", branchName="trunk"
    )
    assert approval["externalEntityLink"] == f"https://example.com/commits/{commit['branch']['commitId']}"
    assert approval["customData"] == "2 lines in Initial commit by CloudFormation"
    pipelines.put_approval_result(
        pipelineName=name,
        stageName="Build",
        actionName="Ask",
        token=approval["token"],
        result={"status": "Approved", "summary": "looks good"},
    )
    assert until(lambda: status() != "InProgress" and status()) == "Succeeded"
    assert ssm.get_parameter(Name="/live")["Parameter"]["Value"] == "one|two|three|code has 2|settings has 1|"
    assert ssm.get_parameter(Name="/note")["Parameter"]["Value"] == "/live of trunk"
    runs = pipelines.list_action_executions(pipelineName=name)["actionExecutionDetails"]
    started = {run["actionName"]: run["startTime"] for run in runs}
    ended = {run["actionName"]: run["lastUpdateTime"] for run in runs}
    # Side by side, and what comes after them after both.
    assert max(started["CheckCode"], started["CheckSettings"]) < min(
        ended["CheckCode"], ended["CheckSettings"]
    )
    assert max(ended["CheckCode"], ended["CheckSettings"]) <= started["Package"]
