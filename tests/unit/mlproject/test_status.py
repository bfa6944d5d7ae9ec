"""A status tells which stage failed and why, and what waits for a decision."""

from __future__ import annotations

from typing import Any

from mlproject import status
from mlproject.projects import Project

PIPELINE = "sagemaker-churn-p-abc-modelbuild"


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
    assert (read.pipelines, read.models, read.endpoints, read.gate) == ({}, [], {}, None)
