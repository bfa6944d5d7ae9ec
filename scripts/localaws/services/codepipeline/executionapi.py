"""Starting, stopping, retrying and reading executions by API, and the answers to approvals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localaws.operations import Request
from localaws.services.codepipeline.executions import ActionRun, Execution, StageRun
from localaws.services.codepipeline.orchestrator import begin, begin_again
from localaws.services.codepipeline.pipelinefaults import fault
from localaws.services.codepipeline.pipelines import (
    Pipeline,
    create_pipeline,
    find_pipeline,
    page,
)
from localaws.services.codepipeline.stagegate import Transition

MOST_CONCURRENT = 50
OVERRIDABLE = {"BEFORE_ENTRY": "beforeEntry", "ON_SUCCESS": "onSuccess"}
CONDITION_STATES = {
    "beforeEntry": "beforeEntryConditionState",
    "onSuccess": "onSuccessConditionState",
}


def create_and_start(request: Request) -> dict[str, Any]:
    """CreatePipeline; as on AWS the new pipeline runs at once."""
    made = create_pipeline(request)
    # A variable without a default has no value now, so AWS's first run would fail; it is left to a person.
    if all("defaultValue" in one for one in made.declaration.get("variables", [])):
        start(made, {"triggerType": "CreatePipeline", "triggerDetail": request.caller_arn})
    answer: dict[str, Any] = {"pipeline": made.declaration}
    if made.tags:
        answer["tags"] = [{"key": key, "value": value} for key, value in made.tags.items()]
    return answer


def start(
    pipeline: Pipeline,
    trigger: Mapping[str, str],
    variables: Mapping[str, str] | None = None,
    revisions: Mapping[str, Mapping[str, str]] | None = None,
) -> Execution:
    """Start an execution for a reason (``trigger`` of the API)."""
    with pipeline.lock:
        declaration = pipeline.declaration
        running = sum(one.status in ("InProgress", "Stopping") for one in pipeline.executions.values())
        if declaration["executionMode"] != "SUPERSEDED" and running >= MOST_CONCURRENT:
            raise fault(
                "ConcurrentPipelineExecutionsLimitExceeded",
                f"At most {MOST_CONCURRENT} executions of {pipeline.name} may run at the same time",
            )
        execution = Execution(
            pipeline.name, declaration, trigger, _variables(declaration, variables or {}), revisions or {}
        )
        begin(pipeline, execution)
        return execution


def _variables(declaration: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    declared = {one["name"]: one.get("defaultValue") for one in declaration.get("variables", [])}
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise fault("Validation", f"Pipeline variables that are not declared: {', '.join(unknown)}")
    values = declared | dict(given)
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        raise fault("Validation", f"Pipeline variables without a value: {', '.join(missing)}")
    return {name: str(value) for name, value in values.items()}


def start_pipeline_execution(request: Request) -> dict[str, Any]:
    """StartPipelineExecution; the same client request token gives the same execution."""
    params = request.params
    pipeline = find_pipeline(request, params["name"])
    token = params.get("clientRequestToken", "")
    with pipeline.lock:
        if token and token in pipeline.tokens:
            return {"pipelineExecutionId": pipeline.tokens[token]}
        execution = start(
            pipeline,
            {"triggerType": "StartPipelineExecution", "triggerDetail": request.caller_arn},
            {one["name"]: one["value"] for one in params.get("variables", [])},
            {one["actionName"]: one for one in params.get("sourceRevisions", [])},
        )
        if token:
            pipeline.tokens[token] = execution.execution_id
    return {"pipelineExecutionId": execution.execution_id}


def stop_pipeline_execution(request: Request) -> dict[str, Any]:
    """StopPipelineExecution, waiting for what runs or abandoning it."""
    params = request.params
    pipeline, execution = _execution(request, params["pipelineName"], params["pipelineExecutionId"])
    abandon = bool(params.get("abandon"))
    with pipeline.gate.changed:
        if execution.status == "Stopping" and (not abandon or execution.abandoned.is_set()):
            raise fault("DuplicatedStopRequest", "The execution is being stopped already")
        if execution.status not in ("InProgress", "Stopping"):
            raise fault("PipelineExecutionNotStoppable", f"The execution is {execution.status}")
        execution.stop_reason = params.get("reason", "")
        execution.set_status("Stopping")
        pipeline.gate.changed.notify_all()
    pipeline.events.execution(execution, "STOPPING")
    if abandon:
        execution.abandoned.set()
    return {"pipelineExecutionId": execution.execution_id}


def retry_stage_execution(request: Request) -> dict[str, Any]:
    """RetryStageExecution of the failed actions or of all."""
    params = request.params
    pipeline, execution = _execution(request, params["pipelineName"], params["pipelineExecutionId"])
    stage = params["stageName"]
    _check_stage(pipeline, stage)
    with pipeline.gate.changed:
        record = execution.stages.get(stage)
        if record is None or record.status not in ("Failed", "Stopped") or execution.status == "InProgress":
            raise fault("StageNotRetryable", f"Stage {stage} has nothing to retry in this execution")
        if _latest_in(pipeline, stage) is not execution:
            raise fault("NotLatestPipelineExecution", f"A later execution has been in stage {stage}")
        begin_again(pipeline, execution, stage, params["retryMode"])
    return {"pipelineExecutionId": execution.execution_id}


def override_stage_condition(request: Request) -> None:
    """OverrideStageCondition: go on in a stage that a condition failed, as if it held."""
    params = request.params
    pipeline, execution = _execution(request, params["pipelineName"], params["pipelineExecutionId"])
    stage, kind = params["stageName"], OVERRIDABLE[params["conditionType"]]
    _check_stage(pipeline, stage)
    with pipeline.gate.changed:
        record = execution.stages.get(stage, StageRun())
        evaluated = record.conditions.get(kind)
        if record.status != "Failed" or evaluated is None or evaluated.status != "Failed":
            raise fault("ConditionNotOverridable", f"No condition {kind} has failed stage {stage}")
        if _latest_in(pipeline, stage) is not execution:
            raise fault("NotLatestPipelineExecution", f"A later execution has been in stage {stage}")
        evaluated.status = "Overridden"
        record.overridden.add(kind)
        begin_again(pipeline, execution, stage, "FAILED_ACTIONS")


def _check_stage(pipeline: Pipeline, stage: str) -> None:
    if stage not in pipeline.stage_names():
        raise fault("StageNotFound", f"Pipeline {pipeline.name} has no stage {stage}")


def _execution(request: Request, name: str, execution_id: str) -> tuple[Pipeline, Execution]:
    pipeline = find_pipeline(request, name)
    execution = pipeline.executions.get(execution_id)
    if execution is None:
        raise fault("PipelineExecutionNotFound", f"Pipeline {name} has no execution {execution_id}")
    return pipeline, execution


def _latest_in(pipeline: Pipeline, stage: str) -> Execution | None:
    been = [execution for execution in list(pipeline.executions.values()) if stage in execution.stages]
    return been[-1] if been else None


def disable_stage_transition(request: Request) -> None:
    """DisableStageTransition, inbound."""
    _set_transition(request, enabled=False)


def enable_stage_transition(request: Request) -> None:
    """EnableStageTransition, inbound."""
    _set_transition(request, enabled=True)


def _set_transition(request: Request, *, enabled: bool) -> None:
    params = request.params
    pipeline = find_pipeline(request, params["pipelineName"])
    _check_stage(pipeline, params["stageName"])
    if params["transitionType"] != "Inbound":
        raise fault("Validation", "localaws supports transitions of type Inbound only")
    transition = Transition(enabled, params.get("reason", ""), request.caller_arn)
    pipeline.gate.set_transition(params["stageName"], transition)


def put_approval_result(request: Request) -> dict[str, Any]:
    """PutApprovalResult."""
    params = request.params
    pipeline = find_pipeline(request, params["pipelineName"])
    stage, action = params["stageName"], params["actionName"]
    _check_stage(pipeline, stage)
    if not any(one["name"] == action for one in _stage(pipeline, stage)["actions"]):
        raise fault("ActionNotFound", f"Stage {stage} has no action {action}")
    decision = pipeline.approvals.find(stage, action, params["token"])
    if decision is None:
        raise fault("InvalidApprovalToken", "The approval token is not valid")
    result = params["result"]
    approved = result["status"] == "Approved"
    if not pipeline.approvals.answer(decision, approved, result["summary"], request.caller_arn):
        raise fault("ApprovalAlreadyCompleted", "The approval action has already been approved or rejected")
    return {"approvedAt": datetime.now(UTC)}


def _stage(pipeline: Pipeline, name: str) -> dict[str, Any]:
    return next(dict(stage) for stage in pipeline.declaration["stages"] if stage["name"] == name)


def get_pipeline_execution(request: Request) -> dict[str, Any]:
    """GetPipelineExecution."""
    params = request.params
    _, execution = _execution(request, params["pipelineName"], params["pipelineExecutionId"])
    return {"pipelineExecution": execution.describe()}


def list_pipeline_executions(request: Request) -> dict[str, Any]:
    """ListPipelineExecutions, newest first."""
    pipeline = find_pipeline(request, request.params["pipelineName"])
    executions = list(pipeline.executions.values())
    stage = request.params.get("filter", {}).get("succeededInStage", {}).get("stageName")
    if stage:
        executions = [one for one in executions if one.stages.get(stage, StageRun("")).status == "Succeeded"]
    summaries = [one.summarize() for one in reversed(executions)]
    return page("pipelineExecutionSummaries", summaries, request.params)


def list_action_executions(request: Request) -> dict[str, Any]:
    """ListActionExecutions, newest first."""
    runs = [run for execution in _chosen(request) for run in execution.actions]
    return page("actionExecutionDetails", [run.describe() for run in reversed(runs)], request.params)


def list_rule_executions(request: Request) -> dict[str, Any]:
    """ListRuleExecutions, newest first."""
    runs = [run for execution in _chosen(request) for run in execution.rules]
    return page("ruleExecutionDetails", [run.describe() for run in reversed(runs)], request.params)


def _chosen(request: Request) -> list[Execution]:
    pipeline = find_pipeline(request, request.params["pipelineName"])
    chosen = request.params.get("filter", {})
    wanted = chosen.get("pipelineExecutionId") or chosen.get("latestInPipelineExecution", {}).get(
        "pipelineExecutionId"
    )
    if not wanted:
        return list(pipeline.executions.values())
    return [_execution(request, pipeline.name, wanted)[1]]


def get_pipeline_state(request: Request) -> dict[str, Any]:
    """GetPipelineState."""
    pipeline = find_pipeline(request, request.params["name"])
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.declaration["version"],
        "stageStates": [_stage_state(pipeline, stage) for stage in pipeline.declaration["stages"]],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _stage_state(pipeline: Pipeline, stage: Mapping[str, Any]) -> dict[str, Any]:
    name = stage["name"]
    latest = _latest_in(pipeline, name)
    transition = pipeline.gate.transition(name)
    state: dict[str, Any] = {
        "stageName": name,
        "actionStates": [_action_state(pipeline, name, action) for action in stage["actions"]],
        "inboundTransitionState": {"enabled": transition.enabled},
    }
    if not transition.enabled:
        state["inboundTransitionState"] |= {
            "disabledReason": transition.reason,
            "lastChangedBy": transition.changed_by,
            "lastChangedAt": transition.changed,
        }
    inbound = [_referred(one, one.status) for one in pipeline.gate.waiting.get(name, [])]
    if inbound:
        state |= {"inboundExecution": inbound[0], "inboundExecutions": inbound}
    if latest is not None:
        record = latest.stages[name]
        status = (
            "Stopping" if latest.status == "Stopping" and record.status == "InProgress" else record.status
        )
        state["latestExecution"] = _referred(latest, status)
        state |= {CONDITION_STATES[kind]: run.state() for kind, run in record.conditions.items()}
        if record.retry_trigger:
            state["retryStageMetadata"] = {
                "autoStageRetryAttempt": record.automatic_retries or None,
                "manualStageRetryAttempt": record.attempts - 1 or None,
                "latestRetryTrigger": record.retry_trigger,
            }
    return state


def _referred(execution: Execution, status: str) -> dict[str, str]:
    return {"pipelineExecutionId": execution.execution_id, "status": status, "type": "STANDARD"}


def _action_state(pipeline: Pipeline, stage: str, action: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {"actionName": action["name"]}
    run = _latest_run(pipeline, stage, action["name"])
    if run is None:
        return state
    state["latestExecution"] = run.state()
    if run.revision:
        state["revisionUrl"] = run.revision["url"]
        state["currentRevision"] = {
            "revisionId": run.revision["id"],
            "revisionChangeId": run.revision["id"],
            "created": run.revision["created"],
        }
    return state


def _latest_run(pipeline: Pipeline, stage: str, action: str) -> ActionRun | None:
    for execution in reversed(list(pipeline.executions.values())):
        run = execution.latest_run(stage, action)
        if run is not None:
            return run
    return None


OPERATIONS = {
    "CreatePipeline": create_and_start,
    "DisableStageTransition": disable_stage_transition,
    "EnableStageTransition": enable_stage_transition,
    "GetPipelineExecution": get_pipeline_execution,
    "GetPipelineState": get_pipeline_state,
    "ListActionExecutions": list_action_executions,
    "ListPipelineExecutions": list_pipeline_executions,
    "ListRuleExecutions": list_rule_executions,
    "OverrideStageCondition": override_stage_condition,
    "PutApprovalResult": put_approval_result,
    "RetryStageExecution": retry_stage_execution,
    "StartPipelineExecution": start_pipeline_execution,
    "StopPipelineExecution": stop_pipeline_execution,
}
