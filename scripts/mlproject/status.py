"""Where a project stands, read from AWS at one moment: its pipelines, model versions, endpoints and API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlproject.approvals import Gate, model_packages, waiting_gate
from terraform_runner.naming import REPOSITORIES, STAGES, ProjectNames

if TYPE_CHECKING:
    import boto3

    from mlproject.projects import Project


LIVING = frozenset({"CreateCompleted", "UpdateInProgress", "UpdateCompleted", "UpdateFailed"})
"""Statuses of a project whose pipelines and registry exist."""


@dataclass(frozen=True)
class Stage:
    """A stage of a CodePipeline: its last status and, when it failed, the message of the action that failed."""

    name: str
    status: str
    message: str = ""


@dataclass(frozen=True)
class Model:
    """A version in the model registry."""

    version: int
    approval: str
    arn: str


@dataclass(frozen=True)
class Status:
    """A project at one moment.

    Attributes
    ----------
    project, project_id, status, reason
        As SageMaker knows it.
    pipelines
        The stages of each CodePipeline by its name.
    models
        Versions in the registry, newest first.
    endpoints
        Status of each stage's endpoint by its name; stages never deployed are missing, and so are those elsewhere.
    elsewhere
        Accounts of the stages that are not in this one, by the name of the endpoint there.
    gate
        The manual approval that waits for a decision, if one does.
    """

    project: str
    project_id: str
    status: str
    reason: str
    pipelines: Mapping[str, list[Stage]]
    models: list[Model]
    endpoints: Mapping[str, str]
    elsewhere: Mapping[str, str]
    gate: Gate | None


def read(session: boto3.Session, project: Project) -> Status:
    """Return where the project stands; one that is not there yet, or no more, has no parts."""
    exists = project.status in LIVING
    names = project.names
    packages = model_packages(session, names.model_package_group) if exists else []
    pipelines = map(names.repository, REPOSITORIES) if exists else ()
    return Status(
        project=project.name,
        project_id=project.project_id,
        status=project.status,
        reason=project.reason,
        pipelines={name: stages(session, name) for name in pipelines},
        models=[
            Model(each["ModelPackageVersion"], each["ModelApprovalStatus"], each["ModelPackageArn"])
            for each in packages
        ],
        endpoints=_endpoints(session, names.short_prefix),
        elsewhere=_elsewhere(session, names) if exists else {},
        gate=waiting_gate(session, names.repository("modeldeploy")) if exists else None,
    )


def stages(session: boto3.Session, pipeline: str) -> list[Stage]:
    """Return the pipeline's stages in their order."""
    state = session.client("codepipeline").get_pipeline_state(name=pipeline)
    return [_stage(each) for each in state["stageStates"]]


def _stage(state: Mapping[str, Any]) -> Stage:
    latest = [action.get("latestExecution", {}) for action in state.get("actionStates", [])]
    failures = [each["errorDetails"].get("message", "") for each in latest if "errorDetails" in each]
    status = state.get("latestExecution", {}).get("status", "NotStarted")
    return Stage(state["stageName"], status, failures[0] if failures and status == "Failed" else "")


def _endpoints(session: boto3.Session, prefix: str) -> dict[str, str]:
    pages = session.client("sagemaker").get_paginator("list_endpoints").paginate(NameContains=prefix)
    return {each["EndpointName"]: each["EndpointStatus"] for page in pages for each in page["Endpoints"]}


def _elsewhere(session: boto3.Session, names: ProjectNames) -> dict[str, str]:
    """Return what the deploy pipeline says: actions in another account have a role there, and their stage's stack."""
    read = session.client("codepipeline").get_pipeline(name=names.repository("modeldeploy"))
    roles = {
        action["configuration"].get("StackName"): action["roleArn"]
        for stage in read["pipeline"]["stages"]
        for action in stage["actions"]
        if "roleArn" in action
    }
    stacks = {stage: names.stage_stack(stage) for stage in STAGES}
    return {
        f"{names.short_prefix}-{stage}": roles[stack].split(":")[4]
        for stage, stack in stacks.items()
        if stack in roles
    }
