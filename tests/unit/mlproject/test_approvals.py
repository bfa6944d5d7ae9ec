"""The approver's decisions reach exactly what they are about, and say so when there is nothing to decide."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlproject import approvals
from mlproject.errors import UserError

GROUP = "sagemaker-churn-p-abc"
EXECUTION = "11111111-2222-3333-4444-555555555555"
PIPELINE = "sagemaker-churn-p-abc-modeldeploy"


def package(version: int, approval: str) -> dict[str, Any]:
    return {
        "ModelPackageGroupName": GROUP,
        "ModelPackageVersion": version,
        "ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/{version}",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": approval,
        "CreationTime": datetime(2026, 1, version, tzinfo=UTC),
    }


def queue_packages(session: Any, *packages: dict[str, Any]) -> None:
    session.answers("sagemaker").add_response(
        "list_model_packages",
        {"ModelPackageSummaryList": list(packages)},
        {"ModelPackageGroupName": GROUP, "SortBy": "CreationTime", "SortOrder": "Descending"},
    )


def test_the_newest_pending_version_is_decided_when_none_is_named(session: Any) -> None:
    queue_packages(
        session, package(3, "Rejected"), package(2, "PendingManualApproval"), package(1, "Approved")
    )
    arn = package(2, "")["ModelPackageArn"]
    session.answers("sagemaker").add_response(
        "update_model_package",
        {"ModelPackageArn": arn},
        {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ApprovalDescription": "good"},
    )
    assert approvals.decide_model(session, GROUP, "Approved", comment="good") == arn


def test_a_named_version_is_decided_whatever_its_status(session: Any) -> None:
    queue_packages(session, package(2, "PendingManualApproval"), package(1, "Approved"))
    arn = package(1, "")["ModelPackageArn"]
    session.answers("sagemaker").add_response(
        "update_model_package",
        {"ModelPackageArn": arn},
        {
            "ModelPackageArn": arn,
            "ModelApprovalStatus": "Rejected",
            "ApprovalDescription": "Rejected with mlproject",
        },
    )
    assert approvals.decide_model(session, GROUP, "Rejected", version=1) == arn


def test_a_missing_version_is_told_with_those_that_there_are(session: Any) -> None:
    queue_packages(session, package(2, "PendingManualApproval"), package(1, "Approved"))
    with pytest.raises(
        UserError, match=r"no version 7; versions: 2 \(PendingManualApproval\), 1 \(Approved\)"
    ):
        approvals.decide_model(session, GROUP, "Approved", version=7)


def test_an_empty_group_is_told(session: Any) -> None:
    queue_packages(session)
    with pytest.raises(UserError, match="none waits for a decision; versions: none"):
        approvals.decide_model(session, GROUP, "Approved")


def pipeline_state(*actions: dict[str, Any]) -> dict[str, Any]:
    return {
        "pipelineName": PIPELINE,
        "stageStates": [
            {
                "stageName": "ApproveProduction",
                "latestExecution": {"pipelineExecutionId": EXECUTION, "status": "InProgress"},
                "actionStates": list(actions),
            }
        ],
    }


def test_the_waiting_gate_carries_its_token_and_report(session: Any) -> None:
    waiting = {
        "actionName": "Approve",
        "latestExecution": {"status": "InProgress", "token": "t-1"},
    }
    resolved = {"CustomData": "staging passed", "ExternalEntityLink": "https://example.com/report.html"}
    session.answers("codepipeline").add_response(
        "get_pipeline_state", pipeline_state(waiting), {"name": PIPELINE}
    )
    session.answers("codepipeline").add_response(
        "list_action_executions",
        {
            "actionExecutionDetails": [
                {"stageName": "Build", "actionName": "Build"},
                {
                    "stageName": "ApproveProduction",
                    "actionName": "Approve",
                    "input": {"resolvedConfiguration": resolved},
                },
            ]
        },
        {"pipelineName": PIPELINE, "filter": {"pipelineExecutionId": EXECUTION}},
    )
    session.answers("codepipeline").add_response(
        "put_approval_result",
        {},
        {
            "pipelineName": PIPELINE,
            "stageName": "ApproveProduction",
            "actionName": "Approve",
            "token": "t-1",
            "result": {"summary": "too slow", "status": "Rejected"},
        },
    )
    gate = approvals.decide_gate(session, PIPELINE, "Rejected", "too slow")
    assert (gate.report_url, gate.message) == ("https://example.com/report.html", "staging passed")


def test_a_gate_that_was_answered_before_does_not_wait(session: Any) -> None:
    answered = {"actionName": "Approve", "latestExecution": {"status": "Succeeded", "token": "old"}}
    session.answers("codepipeline").add_response(
        "get_pipeline_state", pipeline_state(answered), {"name": PIPELINE}
    )
    with pytest.raises(UserError, match="waits at no gate"):
        approvals.decide_gate(session, PIPELINE, "Approved")
