"""The two decisions that people take: whether a model version may be deployed, and whether it may go to production.

Comes from `cli` and `rehearsal`; the model registry and the deploy pipeline's gate carry the decision on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlproject.errors import UserError

if TYPE_CHECKING:
    import boto3
    from types_boto3_codepipeline import CodePipelineClient

Decision = Literal["Approved", "Rejected"]


@dataclass(frozen=True)
class Gate:
    """A manual approval that waits for a decision.

    Attributes
    ----------
    pipeline, stage, action
        Where it stands.
    token
        What `answer` must present; a new one each time the gate is reached.
    report_url, message
        What the approver is given to read, empty where the pipeline gives none.
    """

    pipeline: str
    stage: str
    action: str
    token: str
    report_url: str = ""
    message: str = ""


def decide_model(
    session: boto3.Session, group: str, decision: Decision, version: int | None = None, comment: str = ""
) -> str:
    """Approve or reject a model version, the newest pending one when ``version`` is not given; return its ARN.

    Raises
    ------
    UserError
        There is no such version, or none that waits for a decision.
    """
    client = session.client("sagemaker")
    packages = model_packages(session, group)
    if version is None:
        wanted = [each for each in packages if each["ModelApprovalStatus"] == "PendingManualApproval"]
    else:
        wanted = [each for each in packages if each["ModelPackageVersion"] == version]
    if not wanted:
        known = ", ".join(
            f"{each['ModelPackageVersion']} ({each['ModelApprovalStatus']})" for each in packages
        )
        what = "none waits for a decision" if version is None else f"there is no version {version}"
        raise UserError(f"model package group {group!r}: {what}; versions: {known or 'none'}")
    arn: str = wanted[0]["ModelPackageArn"]
    client.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus=decision, ApprovalDescription=comment or _said(decision)
    )
    return arn


def model_packages(session: boto3.Session, group: str) -> list[Mapping[str, Any]]:
    """Return the summaries of a group's model versions, newest first."""
    pages = session.client("sagemaker").get_paginator("list_model_packages")
    newest_first = pages.paginate(ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending")
    return [summary for page in newest_first for summary in page["ModelPackageSummaryList"]]


def waiting_gate(session: boto3.Session, pipeline: str) -> Gate | None:
    """Return the manual approval at which the pipeline waits, if it does."""
    client = session.client("codepipeline")
    for stage in client.get_pipeline_state(name=pipeline)["stageStates"]:
        for action in stage.get("actionStates", []):
            latest = action.get("latestExecution", {})
            if latest.get("status") == "InProgress" and "token" in latest:
                execution = stage["latestExecution"]["pipelineExecutionId"]
                given = _configuration(client, pipeline, execution, stage["stageName"], action["actionName"])
                return Gate(
                    pipeline=pipeline,
                    stage=stage["stageName"],
                    action=action["actionName"],
                    token=latest["token"],
                    report_url=given.get("ExternalEntityLink", ""),
                    message=given.get("CustomData", ""),
                )
    return None


def _configuration(
    client: CodePipelineClient, pipeline: str, execution: str, stage: str, action: str
) -> Mapping[str, str]:
    """Return an action's configuration, its variables resolved: the pipeline's state does not hold it."""
    pages = client.get_paginator("list_action_executions").paginate(
        pipelineName=pipeline, filter={"pipelineExecutionId": execution}
    )
    for page in pages:
        for each in page["actionExecutionDetails"]:
            if (each["stageName"], each["actionName"]) == (stage, action):
                return each.get("input", {}).get("resolvedConfiguration", {})
    return {}


def decide_gate(session: boto3.Session, pipeline: str, decision: Decision, comment: str = "") -> Gate:
    """Approve or reject at the gate where the pipeline waits, and return the gate.

    Raises
    ------
    UserError
        The pipeline waits at no gate.
    """
    gate = waiting_gate(session, pipeline)
    if gate is None:
        raise UserError(f"pipeline {pipeline!r} waits at no gate: there is nothing to decide")
    session.client("codepipeline").put_approval_result(
        pipelineName=pipeline,
        stageName=gate.stage,
        actionName=gate.action,
        token=gate.token,
        result={"summary": comment or _said(decision), "status": decision},
    )
    return gate


def _said(decision: Decision) -> str:
    return f"{decision} with mlproject"
