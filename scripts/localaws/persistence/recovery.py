"""After a restart: what ran when the server ended is ended in words, or goes on, as each service's own rules allow.

Builds, jobs and executions fail with `LOST` as the reason and can be retried; endpoints come up again; executions that
waited for a person or for their turn go on waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.codebuild.models import codebuild_backends
from moto.codepipeline.models import codepipeline_backends
from moto.core.base_backend import BackendDict
from moto.events.models import events_backends
from moto.sagemaker.models import sagemaker_backends

from localaws.persistence.recovered_stacks import recover_stacks
from localaws.services.codebuild.buildevents import emit_phase, emit_state
from localaws.services.codebuild.builds import RUNNING as BUILD_RUNNING
from localaws.services.codebuild.builds import Build, Phase
from localaws.services.codebuild.projects import state_for
from localaws.services.codepipeline.executions import ActionRun, Execution
from localaws.services.codepipeline.orchestrator import Journey
from localaws.services.codepipeline.pipelines import Pipeline, pipelines_of
from localaws.services.events.schedules import keep_schedule
from localaws.services.sagemaker import endpoints, executor
from localaws.services.sagemaker.lost_jobs import end_lost_jobs
from localaws.services.sagemaker.resources import Region, now

if TYPE_CHECKING:
    from localaws.runtime import Runtime

LOST = "The server ended while this ran (a power loss, or a stop); it can be retried."
INTERNAL = f"InternalServerError: {LOST}"
MANUAL = "Manual"


def recover(runtime: Runtime) -> None:
    """Bring every service from what a snapshot holds to something that runs."""
    for account, region in _places(codebuild_backends):
        for build in list(state_for(account, region).builds.values()):
            if build.status == BUILD_RUNNING:
                _end_build(build)
    for account, name in _places(sagemaker_backends):
        _recover_sagemaker(Region(account, name))
    for account, region in _places(events_backends):
        for rule in list(events_backends[account][region].event_buses["default"].rules.values()):
            keep_schedule(rule)
    recover_stacks(LOST)
    for account, region in _places(codepipeline_backends):
        for pipeline in list(pipelines_of(account, region).by_name.values()):
            _recover_pipeline(runtime, pipeline)


def _places(table: BackendDict[Any]) -> Iterator[tuple[str, str]]:
    return ((account, region) for account, region, _ in list(table.iter_backends()))


def _end_build(build: Build) -> None:
    ended = datetime.now(UTC)
    build.status, build.end = "FAULT", ended
    for phase in build.phases:
        if phase.end is None:
            phase.status, phase.end = "FAULT", ended
            phase.contexts = [{"statusCode": "INTERNAL_SERVICE_ERROR", "message": LOST}]
            emit_phase(build, phase)
    build.current_phase = "COMPLETED"
    build.phases.append(Phase("COMPLETED", ended))
    emit_state(build)


def _recover_sagemaker(region: Region) -> None:
    end_lost_jobs(region, INTERNAL)
    for execution in list(region.table("pipeline_executions").values()):
        if isinstance(execution, executor.Execution) and execution.status in executor.RUNNING:
            _end_execution(region, execution)
    for endpoint in list(region.table("endpoints").values()):
        if isinstance(endpoint, endpoints.Endpoint):
            endpoints.bring_up_again(region, endpoint)


def _end_execution(region: Region, execution: executor.Execution) -> None:
    for state in execution.steps.values():
        if state.status in executor.RUNNING:
            state.status, state.reason, state.ended, state.stop = "Failed", INTERNAL, now(), None
    if execution.pipeline is not None:
        executor.set_status(region, execution.pipeline, execution, "Failed", executor.FAILED)


def _recover_pipeline(runtime: Runtime, pipeline: Pipeline) -> None:
    pipeline.gate.reopen()
    for execution in sorted(pipeline.executions.values(), key=lambda one: one.start):
        if execution.status == "Stopping":
            execution.set_status("Stopped")
        elif execution.status == "InProgress":
            _go_on(runtime, pipeline, execution)


def _go_on(runtime: Runtime, pipeline: Pipeline, execution: Execution) -> None:
    open_runs = [run for run in execution.actions if run.status == "InProgress"]
    asked = [run for run in open_runs if run.action["actionTypeId"]["provider"] == MANUAL]
    stage = open_runs[0].stage if open_runs else _next_stage(execution)
    if not stage:
        execution.set_status("Succeeded")
    elif len(asked) == len(open_runs):
        for run in asked:
            # The same question is asked anew, with a token of its own.
            run.end("Abandoned")
        pipeline.gate.line_up(execution, stage)
        journey = Journey(pipeline, execution, stage, "FAILED_ACTIONS")
        runtime.spawn(f"pipeline {pipeline.name} {execution.execution_id}", journey.travel)
    else:
        _fail(pipeline, execution, open_runs)


def _next_stage(execution: Execution) -> str:
    """Return the stage that the execution waits in front of, empty when it has passed all."""
    ended = {name for name, run in execution.stages.items() if run.status in ("Succeeded", "Skipped")}
    names = (stage["name"] for stage in execution.declaration["stages"])
    return next((name for name in names if name not in ended), "")


def _fail(pipeline: Pipeline, execution: Execution, runs: list[ActionRun]) -> None:
    for run in runs:
        run.error = {"code": "JobFailed", "message": LOST}
        run.end("Failed")
        pipeline.events.action(execution, run, "FAILED")
    stage = runs[0].stage
    execution.stages[stage].status = "Failed"
    pipeline.events.stage(execution, stage, "FAILED")
    execution.set_status("Failed")
    pipeline.events.execution(execution, "FAILED")
