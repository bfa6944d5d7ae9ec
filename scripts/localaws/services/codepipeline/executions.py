"""The record of what pipelines did: executions, stages, actions and rules, described in the API's shape."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.services.codebuild.builds import Location


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class ActionRun:
    """One run of an action."""

    execution_id: str
    version: int
    stage: str
    action: Mapping[str, Any]
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    start: datetime = field(default_factory=_now)
    updated: datetime = field(default_factory=_now)
    status: str = "InProgress"
    configuration: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Location] = field(default_factory=dict)
    outputs: dict[str, Location] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    external_id: str = ""
    external_url: str = ""
    log_stream_arn: str = ""
    summary: str = ""
    error: dict[str, str] = field(default_factory=dict)
    token: str = ""
    updated_by: str = ""
    revision: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The action's name."""
        return str(self.action["name"])

    def end(self, status: str) -> None:
        """Close the run."""
        self.status, self.updated, self.token = status, _now(), ""

    def state(self) -> dict[str, Any]:
        """Describe the run as ``latestExecution`` of GetPipelineState."""
        described = {
            "actionExecutionId": self.run_id,
            "status": self.status,
            "summary": self.summary,
            "lastStatusChange": self.updated,
            "token": self.token,
            "lastUpdatedBy": self.updated_by,
            "externalExecutionId": self.external_id,
            "externalExecutionUrl": self.external_url,
            "errorDetails": self.error,
            "logStreamARN": self.log_stream_arn,
        }
        return {name: value for name, value in described.items() if value}

    def describe(self) -> dict[str, Any]:
        """Describe the run as ListActionExecutions does."""
        result = {
            "externalExecutionId": self.external_id,
            "externalExecutionSummary": self.summary,
            "externalExecutionUrl": self.external_url,
            "errorDetails": self.error,
            "logStreamARN": self.log_stream_arn,
        }
        given = {
            "actionTypeId": self.action["actionTypeId"],
            "configuration": self.action["configuration"],
            "resolvedConfiguration": self.configuration,
            "roleArn": self.action.get("roleArn"),
            "region": self.action.get("region"),
            "inputArtifacts": _artifacts(self.inputs),
            "namespace": self.action.get("namespace"),
        }
        return {
            "pipelineExecutionId": self.execution_id,
            "actionExecutionId": self.run_id,
            "pipelineVersion": self.version,
            "stageName": self.stage,
            "actionName": self.name,
            "startTime": self.start,
            "lastUpdateTime": self.updated,
            "updatedBy": self.updated_by,
            "status": self.status,
            "input": {name: value for name, value in given.items() if value is not None},
            "output": {
                "outputArtifacts": _artifacts(self.outputs) if self.status == "Succeeded" else [],
                "executionResult": {name: value for name, value in result.items() if value},
                "outputVariables": self.variables,
            },
        }


def _artifacts(artifacts: Mapping[str, Location]) -> list[dict[str, Any]]:
    return [
        {"name": name, "s3location": {"bucket": one.bucket, "key": one.key}}
        for name, one in artifacts.items()
    ]


@dataclass
class RuleRun:
    """One run of a rule of a stage condition."""

    execution_id: str
    version: int
    stage: str
    rule: Mapping[str, Any]
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    start: datetime = field(default_factory=_now)
    status: str = "InProgress"
    configuration: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    def state(self) -> dict[str, Any]:
        """Describe the rule as GetPipelineState does."""
        latest = {
            "ruleExecutionId": self.run_id,
            "status": self.status,
            "summary": self.summary,
            "lastStatusChange": self.start,
        }
        given = {name: value for name, value in latest.items() if value}
        return {"ruleName": self.rule["name"], "latestExecution": given}

    def describe(self) -> dict[str, Any]:
        """Describe the run as ListRuleExecutions does."""
        result = {"externalExecutionSummary": self.summary} if self.summary else {}
        return {
            "pipelineExecutionId": self.execution_id,
            "ruleExecutionId": self.run_id,
            "pipelineVersion": self.version,
            "stageName": self.stage,
            "ruleName": self.rule["name"],
            "startTime": self.start,
            "lastUpdateTime": self.start,
            "status": self.status,
            "input": {
                "ruleTypeId": self.rule["ruleTypeId"],
                "configuration": self.rule.get("configuration", {}),
                "resolvedConfiguration": self.configuration,
            },
            "output": {"executionResult": result},
        }


@dataclass
class ConditionRun:
    """One evaluation of a stage's condition."""

    rules: list[RuleRun]
    status: str
    at: datetime = field(default_factory=_now)

    def state(self) -> dict[str, Any]:
        """Describe the evaluation as GetPipelineState does."""
        latest = {"status": self.status, "lastStatusChange": self.at}
        return {
            "latestExecution": {"status": self.status},
            "conditionStates": [
                {"latestExecution": latest, "ruleStates": [rule.state() for rule in self.rules]}
            ],
        }


@dataclass
class StageRun:
    """What an execution did in a stage, its retries included."""

    status: str = "InProgress"
    attempts: int = 1
    automatic_retries: int = 0
    retry_trigger: str = ""
    conditions: dict[str, ConditionRun] = field(default_factory=dict)
    overridden: set[str] = field(default_factory=set)


@dataclass
class Execution:
    """One way of a change through a pipeline, with the structure it began with."""

    pipeline: str
    declaration: Mapping[str, Any]
    trigger: Mapping[str, str]
    variables: Mapping[str, str]
    source_revisions: Mapping[str, Mapping[str, str]]
    execution_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    start: datetime = field(default_factory=_now)
    updated: datetime = field(default_factory=_now)
    status: str = "InProgress"
    status_summary: str = ""
    stop_reason: str = ""
    superseded: bool = False
    namespaces: dict[str, Mapping[str, str]] = field(default_factory=dict)
    artifacts: dict[str, Location] = field(default_factory=dict)
    revisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, StageRun] = field(default_factory=dict)
    actions: list[ActionRun] = field(default_factory=list)
    rules: list[RuleRun] = field(default_factory=list)
    abandoned: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.namespaces["codepipeline"] = {"PipelineExecutionId": self.execution_id}
        self.namespaces["variables"] = self.variables

    @property
    def version(self) -> int:
        """The version of the structure it runs by."""
        return int(self.declaration["version"])

    @property
    def mode(self) -> str:
        """The execution mode it runs by."""
        return str(self.declaration["executionMode"])

    def set_status(self, status: str) -> None:
        """Move on to another status."""
        self.status, self.updated = status, _now()

    def latest_run(self, stage: str, action: str) -> ActionRun | None:
        """Return the last run of an action in this execution."""
        runs = [run for run in self.actions if (run.stage, run.name) == (stage, action)]
        return runs[-1] if runs else None

    def describe(self) -> dict[str, Any]:
        """Describe the execution as GetPipelineExecution does."""
        return {
            "pipelineName": self.pipeline,
            "pipelineVersion": self.version,
            "pipelineExecutionId": self.execution_id,
            "status": self.status,
            "statusSummary": self.status_summary,
            "artifactRevisions": [
                {
                    "name": revision["artifact"],
                    "revisionId": revision["id"],
                    "revisionSummary": revision["summary"],
                    "revisionUrl": revision["url"],
                    "created": revision["created"],
                }
                for revision in self.revisions.values()
            ],
            "variables": [{"name": name, "resolvedValue": value} for name, value in self.variables.items()],
            "trigger": self.trigger,
            "executionMode": self.mode,
            "executionType": "STANDARD",
        }

    def summarize(self) -> dict[str, Any]:
        """Describe the execution as ListPipelineExecutions does."""
        summary: dict[str, Any] = {
            "pipelineExecutionId": self.execution_id,
            "status": self.status,
            "statusSummary": self.status_summary,
            "startTime": self.start,
            "lastUpdateTime": self.updated,
            "sourceRevisions": [
                {
                    "actionName": action,
                    "revisionId": revision["id"],
                    "revisionSummary": revision["summary"],
                    "revisionUrl": revision["url"],
                }
                for action, revision in self.revisions.items()
            ],
            "trigger": self.trigger,
            "executionMode": self.mode,
            "executionType": "STANDARD",
        }
        if self.stop_reason:
            summary["stopTrigger"] = {"reason": self.stop_reason}
        return summary
