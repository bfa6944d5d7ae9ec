"""Takes executions through the stages of their pipeline: they come in started, actions run, events go out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

from localaws.iam.implied import may_assume
from localaws.runtime import runtime
from localaws.services.codepipeline.actions import action_for
from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.conditions import holds
from localaws.services.codepipeline.executions import ActionRun, ConditionRun, Execution, RuleRun, StageRun
from localaws.services.codepipeline.pipelinefaults import Abandoned, ActionFailed, ApprovalRejected
from localaws.services.codepipeline.pipelines import Pipeline
from localaws.services.codepipeline.references import resolve_all
from localaws.services.codepipeline.stagegate import NotEntered

EVENT_STATES = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Abandoned": "ABANDONED",
    "Skipped": "SKIPPED",
}


def begin(pipeline: Pipeline, execution: Execution) -> None:
    """Start a new execution at the first stage."""
    pipeline.executions[execution.execution_id] = execution
    pipeline.events.execution(execution, "STARTED")
    pipeline.gate.line_up(execution, execution.declaration["stages"][0]["name"])
    journey = Journey(pipeline, execution)
    runtime().spawn(f"pipeline {pipeline.name} {execution.execution_id}", journey.travel)


def begin_again(pipeline: Pipeline, execution: Execution, stage: str, mode: str) -> None:
    """Start an execution again at the stage where it failed.

    Parameters
    ----------
    mode
        ``FAILED_ACTIONS`` keeps what succeeded in the stage, ``ALL_ACTIONS`` does not.
    """
    execution.set_status("InProgress")
    execution.abandoned.clear()
    execution.stop_reason = ""
    record = execution.stages[stage]
    record.attempts += 1
    record.retry_trigger = "ManualStageRetry"
    pipeline.events.execution(execution, "RESUMED")
    pipeline.gate.line_up(execution, stage)
    journey = Journey(pipeline, execution, stage, mode)
    runtime().spawn(f"pipeline {pipeline.name} {execution.execution_id}", journey.travel)


@dataclass
class Journey:
    """An execution on its way, from its first stage or from the one that is retried."""

    pipeline: Pipeline
    execution: Execution
    first: str = ""
    retry_mode: str = ""

    def travel(self) -> None:
        """Go from stage to stage as far as it goes; the execution is in line for the first already."""
        stages = list(self.execution.declaration["stages"])
        names = [stage["name"] for stage in stages]
        start = names.index(self.first) if self.first else 0
        for index, stage in enumerate(stages[start:], start):
            try:
                self.pipeline.gate.enter(self.execution, stage["name"])
            except NotEntered:
                self._not_entered()
                return
            try:
                status = self._run_stage(stage, self.retry_mode if index == start else "")
                goes_on = status in ("Succeeded", "Skipped") and self.execution.status != "Stopping"
                if goes_on and index + 1 < len(stages):
                    # In line for the next stage before this one is free: nobody behind may overtake.
                    self.pipeline.gate.line_up(self.execution, names[index + 1])
            finally:
                self.pipeline.gate.leave(self.execution, stage["name"])
            if not goes_on:
                self._finish("Stopped" if self.execution.status == "Stopping" else "Failed")
                return
        self._finish("Succeeded")

    def _not_entered(self) -> None:
        if not self.execution.superseded and self.execution.status == "Stopping":
            self._finish("Stopped")

    def _finish(self, status: str) -> None:
        if self.execution.status == "Stopping" and status == "Succeeded":
            status = "Stopped"
        self.execution.set_status(status)
        self.pipeline.events.execution(self.execution, EVENT_STATES[status])

    def _run_stage(self, stage: Mapping[str, Any], retry_mode: str) -> str:
        name = stage["name"]
        with self.pipeline.lock:
            record = self.execution.stages.setdefault(name, StageRun())
            record.status = "InProgress"
        self.pipeline.events.stage(self.execution, name, "RESUMED" if retry_mode else "STARTED")
        status = self._attempt(stage, record, retry_mode)
        on_failure = stage.get("onFailure", {})
        if status == "Failed" and on_failure.get("result") == "RETRY" and not record.automatic_retries:
            record.automatic_retries = 1
            record.retry_trigger = "AutomatedStageRetry"
            mode = on_failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS")
            self.pipeline.events.stage(self.execution, name, "RESUMED")
            status = self._attempt(stage, record, mode)
        if status == "Failed" and on_failure.get("result") == "SKIP":
            status = "Skipped"
        record.status = status
        self.execution.set_status(self.execution.status)
        self.pipeline.events.stage(self.execution, name, EVENT_STATES[status])
        return status

    def _attempt(self, stage: Mapping[str, Any], record: StageRun, retry_mode: str) -> str:
        failed = self._check(stage, record, "beforeEntry")
        if failed:
            return "Skipped" if failed == "SKIP" else "Failed"
        actions = sorted(stage["actions"], key=lambda one: int(one["runOrder"]))
        for _, group in groupby(actions, key=lambda one: int(one["runOrder"])):
            statuses = self._run_together(stage["name"], list(group), retry_mode)
            if "Failed" in statuses:
                return "Failed"
            if self.execution.status == "Stopping" or "Abandoned" in statuses:
                return "Stopped"
        return "Failed" if self._check(stage, record, "onSuccess") else "Succeeded"

    def _check(self, stage: Mapping[str, Any], record: StageRun, kind: str) -> str:
        """Evaluate a stage's conditions; return the result of the first that does not hold, or nothing."""
        if kind in record.overridden:
            return ""
        for condition in stage.get(kind, {}).get("conditions", []):
            rules = [self._run_rule(stage["name"], rule) for rule in condition.get("rules", [])]
            passed = all(rule.status == "Succeeded" for rule in rules)
            record.conditions[kind] = ConditionRun(rules, "Succeeded" if passed else "Failed")
            if not passed:
                self.execution.status_summary = "; ".join(rule.summary for rule in rules if rule.summary)
                return str(condition.get("result", "FAIL"))
        return ""

    def _run_rule(self, stage: str, rule: Mapping[str, Any]) -> RuleRun:
        run = RuleRun(self.execution.execution_id, self.execution.version, stage, rule)
        self.execution.rules.append(run)
        try:
            run.configuration = resolve_all(rule["configuration"], self.execution.namespaces)
            passed = holds(run.configuration)
        except ActionFailed as error:
            run.summary, passed = error.message, False
        else:
            if not passed:
                given = run.configuration
                run.summary = f"{given['Variable']} {given['Operator']} {given['Value']} does not hold"
        run.status = "Succeeded" if passed else "Failed"
        return run

    def _run_together(self, stage: str, actions: list[Mapping[str, Any]], retry_mode: str) -> list[str]:
        """Run the actions of one run order at the same time; return how each ended."""
        todo = [action for action in actions if not self._is_kept(stage, action, retry_mode)]
        statuses = dict.fromkeys((action["name"] for action in todo), "Failed")
        ended = threading.Semaphore(0)

        def run(action: Mapping[str, Any]) -> None:
            try:
                statuses[action["name"]] = self._run_action(stage, action)
            finally:
                ended.release()

        for action in todo:
            runtime().spawn(f"action {action['name']} of {self.pipeline.name}", partial(run, action))
        for _ in todo:
            ended.acquire()
        return list(statuses.values())

    def _is_kept(self, stage: str, action: Mapping[str, Any], retry_mode: str) -> bool:
        latest = self.execution.latest_run(stage, action["name"])
        return retry_mode == "FAILED_ACTIONS" and latest is not None and latest.status == "Succeeded"

    def _run_action(self, stage: str, action: Mapping[str, Any]) -> str:
        execution = self.execution
        run = ActionRun(execution.execution_id, execution.version, stage, action)
        execution.actions.append(run)
        self.pipeline.events.action(execution, run, "STARTED")
        status = "Failed"
        try:
            self._carry_out(run)
            status = "Succeeded"
        except Abandoned:
            status = "Abandoned"
        except ApprovalRejected as error:
            run.summary = str(error)
        except ActionFailed as error:
            run.error = {"code": error.code, "message": error.message}
        except ClientError as error:
            run.error = {"code": error.response["Error"]["Code"], "message": str(error)}
        except Exception as error:
            run.error = {"code": "InternalError", "message": f"localaws failed, see its log: {error}"}
            raise
        finally:
            run.end(status)
            self.pipeline.events.action(execution, run, EVENT_STATES[status])
        return status

    def _carry_out(self, run: ActionRun) -> None:
        execution, action = self.execution, run.action
        run.configuration = resolve_all(action["configuration"], execution.namespaces)
        own_role_arn = execution.declaration["roleArn"]
        role_arn = action.get("roleArn") or own_role_arn
        if not may_assume(own_role_arn, role_arn):
            raise ActionFailed(f"{own_role_arn} is not authorized to perform AssumeRole on role {role_arn}")
        store = self.pipeline.store(role_arn)
        for artifact in action["inputArtifacts"]:
            if artifact["name"] not in execution.artifacts:
                raise ActionFailed(f"Input artifact {artifact['name']} was not made in this execution")
            run.inputs[artifact["name"]] = execution.artifacts[artifact["name"]]
        run.outputs = {one["name"]: store.new_location(one["name"]) for one in action["outputArtifacts"]}
        context = ActionContext(self.pipeline, execution, run, store, role_arn)
        action_for(action)(context)
        execution.artifacts.update(run.outputs)
        if "namespace" in action:
            execution.namespaces[action["namespace"]] = run.variables
