"""Pipelines that run: commits, builds, approvals and retries, seen through the API by boto3."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

Bench = Any


def test_a_new_pipeline_runs_at_once_and_hands_the_commit_on(bench: Bench) -> None:
    head = bench.commit("data.txt", "from the commit")
    bench.project(
        "test",
        "cat data.txt > out.txt",
        "export WORD=$COMMIT",
        exported="WORD",
        artifacts="artifacts: {files: [out.txt]}",
    )
    made = bench.pipeline(
        bench.stage(
            "Test",
            bench.build(
                "test",
                namespace="Built",
                variables={"COMMIT": "#{Src.CommitId}"},
                outputArtifacts=[{"name": "Result"}],
            ),
        )
    )
    assert made["version"] == 1
    assert bench.wait() == "Succeeded"
    run = bench.action("Run-test")
    assert run["output"]["outputVariables"] == {"WORD": head}
    assert json.loads(run["input"]["resolvedConfiguration"]["EnvironmentVariables"])[0]["value"] == head
    where = run["output"]["outputArtifacts"][0]["s3location"]
    stored = bench.s3.get_object(Bucket=where["bucket"], Key=where["key"])
    assert stored["ServerSideEncryption"] == "aws:kms"
    with zipfile.ZipFile(io.BytesIO(stored["Body"].read())) as archive:
        assert archive.read("out.txt") == b"from the commit"
    execution = bench.executions()[0]
    assert execution["trigger"]["triggerType"] == "CreatePipeline"
    assert execution["sourceRevisions"][0]["revisionId"] == head
    assert execution["sourceRevisions"][0]["revisionSummary"] == "Change data.txt"
    build_id = run["output"]["executionResult"]["externalExecutionId"]
    built = bench.codebuild.batch_get_builds(ids=[build_id])["builds"][0]
    assert built["initiator"] == "codepipeline/line"
    assert built["resolvedSourceVersion"] == head


def test_a_failing_build_stops_the_pipeline_and_says_why(bench: Bench) -> None:
    bench.project("test", "exit 4")
    bench.project("later", "true")
    bench.pipeline(bench.stage("Test", bench.build("test")), bench.stage("Later", bench.build("later")))
    assert bench.wait() == "Failed"
    failed = bench.stage_state("Test")["actionStates"][0]["latestExecution"]
    assert "COMMAND_EXECUTION_ERROR" in failed["errorDetails"]["message"]
    assert "exit status 4" in failed["errorDetails"]["message"]
    assert "codebuild" in failed["externalExecutionUrl"]
    assert "latestExecution" not in bench.stage_state("Later")


def test_a_failed_stage_is_retried_with_its_failed_actions_only(bench: Bench) -> None:
    bench.project("good", "true")
    bench.project("bad", "test -e fixed")
    bench.pipeline(bench.stage("Test", bench.build("good"), bench.build("bad")))
    assert bench.wait() == "Failed"
    execution = bench.executions()[0]["pipelineExecutionId"]
    bench.codebuild.update_project(
        name="bad",
        source={"type": "CODEPIPELINE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}"},
    )
    bench.codepipeline.retry_stage_execution(
        pipelineName="line", stageName="Test", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS"
    )
    assert bench.wait() == "Succeeded"
    runs = bench.codepipeline.list_action_executions(pipelineName="line")["actionExecutionDetails"]
    assert [run["actionName"] for run in runs].count("Run-good") == 1
    assert [run["actionName"] for run in runs].count("Run-bad") == 2
    with pytest.raises(bench.codepipeline.exceptions.StageNotRetryableException):
        bench.codepipeline.retry_stage_execution(
            pipelineName="line", stageName="Test", pipelineExecutionId=execution, retryMode="FAILED_ACTIONS"
        )


def test_an_approval_tells_its_topic_and_waits_for_the_answer(bench: Bench) -> None:
    sns, sqs = bench.server.client("sns", "eu-west-2"), bench.server.client("sqs", "eu-west-2")
    topic = sns.create_topic(Name="gate")["TopicArn"]
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-2:123456789012:heard")
    bench.pipeline(
        bench.stage(
            "Gate",
            bench.approval(
                NotificationArn=topic,
                CustomData="Commit #{Src.CommitId}",
                ExternalEntityLink="https://example.com/#{Src.BranchName}",
            ),
        )
    )
    token = bench.token("Gate")
    envelope = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    asked = json.loads(envelope["Message"])["approval"]
    assert asked["token"] == token
    assert asked["approvalReviewLink"].endswith(f"/line/Gate/Approve/approve/{token}")
    assert asked["externalEntityLink"] == "https://example.com/main"
    assert asked["customData"].startswith("Commit ")
    assert "#{" not in asked["customData"]
    with pytest.raises(bench.codepipeline.exceptions.InvalidApprovalTokenException):
        bench.codepipeline.put_approval_result(
            pipelineName="line",
            stageName="Gate",
            actionName="Approve",
            result={"status": "Approved", "summary": ""},
            token="00000000-0000-0000-0000-000000000000",
        )
    bench.decide("Gate", summary="looks good")
    assert bench.wait() == "Succeeded"
    state = bench.stage_state("Gate")["actionStates"][0]["latestExecution"]
    assert state["summary"] == "looks good"
    assert "token" not in state


def test_a_rejection_fails_the_stage_with_the_persons_words(bench: Bench) -> None:
    bench.project("later", "true")
    bench.pipeline(bench.stage("Gate", bench.approval()), bench.stage("Later", bench.build("later")))
    bench.token("Gate")
    bench.decide("Gate", "Rejected", "not yet")
    assert bench.wait() == "Failed"
    assert bench.stage_state("Gate")["actionStates"][0]["latestExecution"]["summary"] == "not yet"
    assert "latestExecution" not in bench.stage_state("Later")


def test_a_condition_that_does_not_hold_skips_the_stage_and_the_run_is_green(bench: Bench) -> None:
    bench.project("test", "export DEPLOY=false", exported="DEPLOY")
    bench.pipeline(
        bench.stage("Test", bench.build("test", namespace="Build")),
        bench.stage(
            "Gate", bench.approval(), beforeEntry=bench.condition("SKIP", "#{Build.DEPLOY}", "EQ", "true")
        ),
    )
    assert bench.wait() == "Succeeded"
    state = bench.stage_state("Gate")
    assert state["latestExecution"]["status"] == "Skipped"
    assert state["beforeEntryConditionState"]["latestExecution"]["status"] == "Failed"
    rules = bench.codepipeline.list_rule_executions(pipelineName="line")["ruleExecutionDetails"]
    assert rules[0]["input"]["resolvedConfiguration"]["Variable"] == "false"


def test_a_condition_with_result_fail_fails_the_run(bench: Bench) -> None:
    bench.pipeline(
        bench.stage(
            "Gate", bench.approval(), beforeEntry=bench.condition("FAIL", "#{Src.BranchName}", "NE", "main")
        )
    )
    assert bench.wait() == "Failed"
    assert bench.stage_state("Gate")["latestExecution"]["status"] == "Failed"


def test_pipeline_variables_reach_the_actions_and_are_checked(bench: Bench) -> None:
    bench.project("test", "test $ARN = given", artifacts="")
    bench.pipeline(
        bench.stage("Test", bench.build("test", variables={"ARN": "#{variables.Arn}"})),
        variables=[{"name": "Arn", "defaultValue": "none"}],
    )
    assert bench.wait() == "Failed"
    with pytest.raises(ClientError, match="not declared: Other"):
        bench.codepipeline.start_pipeline_execution(name="line", variables=[{"name": "Other", "value": "x"}])
    started = bench.codepipeline.start_pipeline_execution(
        name="line", variables=[{"name": "Arn", "value": "given"}], clientRequestToken="one"
    )["pipelineExecutionId"]
    again = bench.codepipeline.start_pipeline_execution(name="line", clientRequestToken="one")
    assert again["pipelineExecutionId"] == started
    assert bench.wait(started) == "Succeeded"
    described = bench.codepipeline.get_pipeline_execution(pipelineName="line", pipelineExecutionId=started)
    assert described["pipelineExecution"]["variables"] == [{"name": "Arn", "resolvedValue": "given"}]


def test_a_reference_without_a_value_fails_the_action_by_name(bench: Bench) -> None:
    bench.project("test", "true")
    bench.pipeline(
        bench.stage("Test", bench.build("test", namespace="Built")),
        bench.stage("Again", bench.build("test", variables={"A": "#{Built.GONE}"})),
    )
    assert bench.wait() == "Failed"
    assert "#{Built.GONE}" in bench.action("Run-test")["output"]["executionResult"]["errorDetails"]["message"]


def test_a_waiting_execution_is_superseded_by_a_newer_one(bench: Bench) -> None:
    bench.pipeline(bench.stage("Gate", bench.approval()))
    bench.token("Gate")
    first = bench.executions()[0]["pipelineExecutionId"]
    ids = []
    for _ in range(2):
        ids.append(bench.codepipeline.start_pipeline_execution(name="line")["pipelineExecutionId"])
        bench.until(
            lambda: str(
                [one["pipelineExecutionId"] for one in bench.stage_state("Gate").get("inboundExecutions", [])]
                == ids[-1:]
                or ""
            )
        )
    assert bench.wait(ids[0], ("Superseded",)) == "Superseded"
    assert bench.wait(first, ("InProgress",)) == "InProgress"
    bench.decide("Gate")
    assert bench.wait(first) == "Succeeded"
    bench.until(
        lambda: str(bench.stage_state("Gate")["latestExecution"]["pipelineExecutionId"] == ids[1] or "")
    )
    bench.decide("Gate")
    assert bench.wait(ids[1]) == "Succeeded"


def test_queued_executions_enter_in_their_order(bench: Bench) -> None:
    bench.pipeline(bench.stage("Gate", bench.approval()), executionMode="QUEUED")
    ids = [bench.executions()[0]["pipelineExecutionId"]]
    ids += [bench.codepipeline.start_pipeline_execution(name="line")["pipelineExecutionId"] for _ in range(2)]
    for execution in ids:
        bench.until(
            lambda execution=execution: str(
                bench.stage_state("Gate").get("latestExecution", {}).get("pipelineExecutionId") == execution
                or ""
            )
        )
        bench.decide("Gate")
        assert bench.wait(execution) == "Succeeded"


def test_a_stopped_execution_abandons_what_runs(bench: Bench) -> None:
    bench.project("slow", "sleep 50")
    bench.pipeline(bench.stage("Test", bench.build("slow")))
    bench.until(lambda: bench.stage_state("Test").get("latestExecution", {}).get("status", ""))
    execution = bench.executions()[0]["pipelineExecutionId"]
    bench.codepipeline.stop_pipeline_execution(
        pipelineName="line", pipelineExecutionId=execution, abandon=True, reason="enough"
    )
    assert bench.wait() == "Stopped"
    assert bench.executions()[0]["stopTrigger"]["reason"] == "enough"
    assert bench.action("Run-slow")["status"] == "Abandoned"
    with pytest.raises(bench.codepipeline.exceptions.PipelineExecutionNotStoppableException):
        bench.codepipeline.stop_pipeline_execution(pipelineName="line", pipelineExecutionId=execution)


def test_a_closed_transition_holds_executions_back(bench: Bench) -> None:
    bench.project("test", "true")
    bench.pipeline(bench.stage("Gate", bench.approval()), bench.stage("Test", bench.build("test")))
    transition = {"pipelineName": "line", "stageName": "Test", "transitionType": "Inbound"}
    bench.codepipeline.disable_stage_transition(**transition, reason="freeze")
    bench.decide("Gate")
    bench.until(lambda: str(bench.stage_state("Test").get("inboundExecution", "")))
    assert bench.stage_state("Test")["inboundTransitionState"]["disabledReason"] == "freeze"
    assert bench.executions()[0]["status"] == "InProgress"
    bench.codepipeline.enable_stage_transition(**transition)
    assert bench.wait() == "Succeeded"


def test_a_commit_starts_a_pipeline_that_polls_and_no_other(bench: Bench) -> None:
    bench.project("test", "true")
    polling = bench.stage("Source", bench.source(PollForSourceChanges="true"))
    made = bench.pipeline(bench.stage("Test", bench.build("test")))
    assert bench.wait() == "Succeeded"
    bench.commit("a", "1")
    assert len(bench.executions()) == 1
    bench.codepipeline.update_pipeline(pipeline={**made, "stages": [polling, *made["stages"][1:]]})
    bench.commit("a", "2")
    assert len(bench.executions()) == 2
    assert bench.executions()[0]["trigger"]["triggerType"] == "PollForSourceChanges"
    assert bench.wait() == "Succeeded"


def test_a_full_clone_has_the_history(bench: Bench) -> None:
    bench.commit("second", "2")
    bench.project("test", "test $(git rev-list --count HEAD) -eq 2")
    source = bench.source(OutputArtifactFormat="CODEBUILD_CLONE_REF")
    bench.pipeline(stages=[bench.stage("Source", source), bench.stage("Test", bench.build("test"))])
    assert bench.wait() == "Succeeded"


def test_a_deleted_pipeline_ends_what_it_runs(bench: Bench) -> None:
    bench.project("slow", "sleep 50")
    bench.pipeline(bench.stage("Test", bench.build("slow")))
    build = bench.until(
        lambda: str(
            bench.stage_state("Test")["actionStates"][0]
            .get("latestExecution", {})
            .get("externalExecutionId", "")
        )
    )
    bench.codepipeline.delete_pipeline(name="line")
    bench.codepipeline.delete_pipeline(name="line")
    bench.until(
        lambda: str(
            bench.codebuild.batch_get_builds(ids=[build])["builds"][0]["buildStatus"] == "STOPPED" or ""
        )
    )
    with pytest.raises(bench.codepipeline.exceptions.PipelineNotFoundException):
        bench.codepipeline.get_pipeline(name="line")


def test_a_failed_condition_is_overridden_by_a_person(bench: Bench) -> None:
    entry = bench.condition("FAIL", "#{Src.BranchName}", "NE", "main")
    bench.pipeline(bench.stage("Gate", bench.approval(), beforeEntry=entry))
    assert bench.wait() == "Failed"
    override = {
        "pipelineName": "line",
        "stageName": "Gate",
        "pipelineExecutionId": bench.executions()[0]["pipelineExecutionId"],
    }
    with pytest.raises(bench.codepipeline.exceptions.ConditionNotOverridableException):
        bench.codepipeline.override_stage_condition(**override, conditionType="ON_SUCCESS")
    bench.codepipeline.override_stage_condition(**override, conditionType="BEFORE_ENTRY")
    bench.decide("Gate")
    assert bench.wait() == "Succeeded"
