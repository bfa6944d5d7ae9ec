"""A fault that goes wrong gets a row that says so, and leaves nothing in the way of the next one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from mlproject.errors import PlatformError, UserError
from mlproject.faults import campaign
from mlproject.faults.campaign import Fault
from mlproject.faults.findings import Finding
from mlproject.faults.world import World
from mlproject.rehearsal.engines import PROCESSES, Chosen


@dataclass
class FakePipelines:
    """CodePipeline with one pipeline, an execution that runs in it and one that has ended."""

    executions: dict[str, str] = field(default_factory=lambda: {"first": "Succeeded", "second": "InProgress"})

    def list_pipelines(self) -> dict[str, Any]:
        return {"pipelines": [{"name": "modeldeploy"}]}

    def list_pipeline_executions(self, pipelineName: str) -> dict[str, Any]:
        found = [{"pipelineExecutionId": name, "status": status} for name, status in self.executions.items()]
        return {"pipelineExecutionSummaries": found}

    def get_pipeline_execution(self, pipelineName: str, pipelineExecutionId: str) -> dict[str, Any]:
        return {"pipelineExecution": {"status": self.executions[pipelineExecutionId]}}

    def stop_pipeline_execution(self, pipelineExecutionId: str, **_: Any) -> None:
        assert self.executions[pipelineExecutionId] == "InProgress"
        self.executions[pipelineExecutionId] = "Stopped"


@dataclass
class FakeLocal:
    """A local AWS that is only spoken of."""

    engine: Chosen = PROCESSES
    data: Path = Path("/data")


@dataclass
class FakeWorld:
    """A world in which only pipelines are asked for."""

    pipelines: FakePipelines = field(default_factory=FakePipelines)
    local: FakeLocal = field(default_factory=FakeLocal)
    waiting: str = "second"

    def client(self, service: str) -> FakePipelines:
        assert service == "codepipeline"
        return self.pipelines


def fails(_: World) -> Finding:
    raise PlatformError("it was created in spite of the fault")


@pytest.mark.parametrize(
    ("only", "told"), [("(", "no regular expression"), ("earthquake", "no fault is called 'earthquake'")]
)
def test_words_that_name_no_fault_are_refused(only: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        campaign.choose(only)


def test_what_a_failed_fault_left_running_is_ended() -> None:
    world = FakeWorld()
    row = campaign.prove(Fault("kill", "kill -9", fails, ""), cast(World, world))
    assert (row.recovered, row.seen) == (False, "PlatformError: it was created in spite of the fault")
    assert world.pipelines.executions == {"first": "Succeeded", "second": "Stopped"}
    assert world.waiting == ""


def test_a_fault_that_ends_well_leaves_what_runs_to_the_next() -> None:
    world = FakeWorld()
    good = Finding("a wait", "created", "by itself", 1.0)
    row = campaign.prove(Fault("drop", "network drop", lambda _: good, ""), cast(World, world))
    assert (row.recovered, row.engine, row.injected) == (True, "processes", "network drop")
    assert world.pipelines.executions["second"] == "InProgress"
