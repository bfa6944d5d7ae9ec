"""What EventBridge hears of pipelines: executions, stages and actions that change come in, AWS's events go out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.runtime import runtime
from localaws.services.codebuild.builds import Location
from localaws.services.codepipeline.executions import ActionRun, Execution


@dataclass(frozen=True)
class EventSource:
    """The pipeline that events are about."""

    region: str
    arn: str

    def execution(self, execution: Execution, state: str) -> None:
        """Tell of a whole execution."""
        detail = {"state": state, "execution-trigger": _trigger(execution), "pipeline-execution-attempt": 1.0}
        if state == "FAILED":
            detail["failed-actions"] = _failed(execution)
        self._emit(execution, "CodePipeline Pipeline Execution State Change", detail)

    def stage(self, execution: Execution, stage: str, state: str) -> None:
        """Tell of a stage."""
        detail: dict[str, Any] = {"state": state, "stage": stage}
        if state == "FAILED":
            detail["failed-actions"] = _failed(execution, stage)
            detail["failed-action-count"] = len(detail["failed-actions"])
        self._emit(execution, "CodePipeline Stage Execution State Change", detail)

    def action(self, execution: Execution, run: ActionRun, state: str) -> None:
        """Tell of an action."""
        identity = run.action["actionTypeId"]
        detail: dict[str, Any] = {
            "state": state,
            "stage": run.stage,
            "action": run.name,
            "action-execution-id": run.run_id,
            "region": self.region,
            "type": {name: identity[name] for name in ("owner", "category", "provider", "version")},
            "input-artifacts": _artifacts(run.inputs),
        }
        if state == "SUCCEEDED":
            detail["output-artifacts"] = _artifacts(run.outputs)
        result = {
            "external-execution-id": run.external_id,
            "external-execution-url": run.external_url,
            "external-execution-summary": run.error.get("message") or run.summary,
            "error-code": run.error.get("code", ""),
        }
        if state != "STARTED" and any(result.values()):
            detail["execution-result"] = {name: value for name, value in result.items() if value}
        self._emit(execution, "CodePipeline Action Execution State Change", detail)

    def _emit(self, execution: Execution, detail_type: str, what: Mapping[str, Any]) -> None:
        detail = {
            "pipeline": execution.pipeline,
            "execution-id": execution.execution_id,
            "start-time": execution.start.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **what,
            "version": float(execution.version),
        }
        runtime().emit(self.region, "aws.codepipeline", detail_type, detail, [self.arn])


def _trigger(execution: Execution) -> dict[str, str]:
    return {
        "trigger-type": execution.trigger["triggerType"],
        "trigger-detail": execution.trigger["triggerDetail"],
    }


def _failed(execution: Execution, stage: str = "") -> list[dict[str, str]]:
    failed = [run for run in execution.actions if run.status == "Failed" and stage in ("", run.stage)]
    return [{"action": run.name, "additional-information": run.error.get("message", "")} for run in failed]


def _artifacts(artifacts: Mapping[str, Location]) -> list[dict[str, Any]]:
    return [
        {"name": name, "s3location": {"bucket": one.bucket, "key": one.key}}
        for name, one in artifacts.items()
    ]
