"""A status tells which stage failed and why, and what waits for a decision."""

from __future__ import annotations

from typing import Any

from mlproject import status
from mlproject.projects import Project

PIPELINE = "sagemaker-churn-p-abc-modelbuild"
DEPLOY = {"category": "Deploy", "owner": "AWS", "provider": "CloudFormation", "version": "1"}


def test_a_failed_stage_tells_the_message_of_its_failed_action(session: Any) -> None:
    failed = {
        "stageName": "Test",
        "latestExecution": {"pipelineExecutionId": "e-1", "status": "Failed"},
        "actionStates": [
            {"actionName": "Lint", "latestExecution": {"status": "Succeeded"}},
            {
                "actionName": "Test",
                "latestExecution": {"status": "Failed", "errorDetails": {"message": "2 tests failed"}},
            },
        ],
    }
    running = {
        "stageName": "Source",
        "latestExecution": {"pipelineExecutionId": "e-1", "status": "Succeeded"},
    }
    session.answers("codepipeline").add_response(
        "get_pipeline_state",
        {"pipelineName": PIPELINE, "stageStates": [running, failed, {"stageName": "Train"}]},
        {"name": PIPELINE},
    )
    assert status.stages(session, PIPELINE) == [
        status.Stage("Source", "Succeeded"),
        status.Stage("Test", "Failed", "2 tests failed"),
        status.Stage("Train", "NotStarted"),
    ]


def test_a_failed_project_tells_its_reason_and_has_no_parts(session: Any) -> None:
    session.answers("sagemaker").add_response(
        "list_endpoints", {"Endpoints": []}, {"NameContains": "sagemaker-churn-p-abc"}
    )
    read = status.read(session, Project("churn", "p-abc", "CreateFailed", "Terraform: the bucket is taken"))
    assert (read.status, read.reason) == ("CreateFailed", "Terraform: the bucket is taken")
    assert (read.pipelines, read.models, read.endpoints, read.elsewhere, read.gate) == ({}, [], {}, {}, None)


def test_a_stage_in_another_account_is_named_with_that_account(session: Any) -> None:
    role = "arn:aws:iam::444455556666:role/sagemaker-churn-p-abc-prod-deploy"
    pipeline = {
        "name": "sagemaker-churn-p-abc-modeldeploy",
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "stages": [
            {
                "name": stage,
                "actions": [
                    {"name": "Deploy", "actionTypeId": DEPLOY, "configuration": {"StackName": stack}, **given}
                ],
            }
            for stage, stack, given in (
                ("DeployStaging", "sagemaker-churn-p-abc-staging", {}),
                ("DeployProduction", "sagemaker-churn-p-abc-prod", {"roleArn": role}),
            )
        ],
    }
    sagemaker, codepipeline = session.answers("sagemaker"), session.answers("codepipeline")
    sagemaker.add_response("list_model_packages", {"ModelPackageSummaryList": []})
    sagemaker.add_response("list_endpoints", {"Endpoints": []})
    for name in ("modelbuild", "modeldeploy"):
        codepipeline.add_response(
            "get_pipeline_state", {"stageStates": []}, {"name": f"sagemaker-churn-p-abc-{name}"}
        )
    codepipeline.add_response(
        "get_pipeline", {"pipeline": pipeline}, {"name": "sagemaker-churn-p-abc-modeldeploy"}
    )
    codepipeline.add_response("get_pipeline_state", {"stageStates": []})
    read = status.read(session, Project("churn", "p-abc", "CreateCompleted", ""))
    assert read.elsewhere == {"sagemaker-churn-p-abc-prod": "444455556666"}
