"""What EventBridge hears of a pipeline and its build: rules deliver to a queue, the details are AWS's."""

from __future__ import annotations

import json
from typing import Any

Bench = Any
ACCOUNT = "123456789012"


def test_rules_hear_of_commits_builds_stages_actions_and_executions(bench: Bench) -> None:
    sqs, events = bench.server.client("sqs", "eu-west-2"), bench.server.client("events", "eu-west-2")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    pattern = json.dumps({"source": ["aws.codecommit", "aws.codebuild", "aws.codepipeline"]})
    events.put_rule(Name="all", EventPattern=pattern)
    events.put_targets(Rule="all", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:eu-west-2:{ACCOUNT}:heard"}])
    head = bench.commit("a", "1")
    bench.project("test", "true")
    bench.pipeline(bench.stage("Test", bench.build("test")))
    assert bench.wait() == "Succeeded"
    heard: list[dict[str, Any]] = []

    def complete() -> str:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        heard.extend(json.loads(message["Body"]) for message in answer)
        ends = [one for one in heard if one["detail-type"].startswith("CodePipeline Pipeline")]
        return "yes" if {"STARTED", "SUCCEEDED"} <= {one["detail"]["state"] for one in ends} else ""

    bench.until(complete)
    kinds = {one["detail-type"] for one in heard}
    assert kinds == {
        "CodeCommit Repository State Change",
        "CodeBuild Build Phase Change",
        "CodeBuild Build State Change",
        "CodePipeline Action Execution State Change",
        "CodePipeline Stage Execution State Change",
        "CodePipeline Pipeline Execution State Change",
    }
    commit = next(one for one in heard if one["source"] == "aws.codecommit")
    assert commit["detail"]["commitId"] == head
    assert commit["resources"] == [f"arn:aws:codecommit:eu-west-2:{ACCOUNT}:code"]
    states = [one["detail"] for one in heard if one["detail-type"] == "CodeBuild Build State Change"]
    assert {one["build-status"] for one in states} == {"IN_PROGRESS", "SUCCEEDED"}
    assert states[0]["additional-information"]["initiator"] == "codepipeline/line"
    action = next(
        one["detail"]
        for one in heard
        if one["detail-type"].startswith("CodePipeline Action") and one["detail"]["state"] == "SUCCEEDED"
    )
    assert action["type"]["owner"] == "AWS"
    assert action["version"] == 1.0
