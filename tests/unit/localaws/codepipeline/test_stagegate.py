"""Entering stages: who waits, who goes first, who is overtaken."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from localaws.services.codepipeline.executions import Execution
from localaws.services.codepipeline.stagegate import NotEntered, StageGate, Transition


def execution(mode: str) -> Execution:
    """Return an execution of a pipeline with one stage."""
    declaration: dict[str, Any] = {"version": 1, "executionMode": mode, "stages": []}
    return Execution("line", declaration, {}, {}, {})


def entering(gate: StageGate, one: Execution) -> threading.Event:
    """Let an execution try to get into the stage; the event tells that it is in."""
    inside = threading.Event()

    def enter() -> None:
        gate.enter(one, "Build")
        inside.set()

    threading.Thread(target=enter, daemon=True).start()
    return inside


def test_superseded_keeps_only_the_newest_in_front_of_a_stage() -> None:
    overtaken: list[Execution] = []
    gate = StageGate(overtaken.append)
    inside, older, newer = (execution("SUPERSEDED") for _ in range(3))
    gate.line_up(inside, "Build")
    gate.enter(inside, "Build")
    gate.line_up(older, "Build")
    gate.line_up(newer, "Build")
    assert overtaken == [older]
    with pytest.raises(NotEntered):
        gate.enter(older, "Build")
    came_in = entering(gate, newer)
    assert not came_in.wait(0.1)
    gate.leave(inside, "Build")
    assert came_in.wait(5)


def test_queued_lets_executions_in_by_their_order() -> None:
    gate = StageGate(lambda _: None)
    first, second = execution("QUEUED"), execution("QUEUED")
    gate.line_up(first, "Build")
    gate.line_up(second, "Build")
    came_in = entering(gate, second)
    assert not came_in.wait(0.1)
    gate.enter(first, "Build")
    assert not came_in.wait(0.1)
    gate.leave(first, "Build")
    assert came_in.wait(5)


def test_parallel_executions_do_not_wait_for_each_other() -> None:
    gate = StageGate(lambda _: None)
    for one in (execution("PARALLEL"), execution("PARALLEL")):
        gate.line_up(one, "Build")
        gate.enter(one, "Build")
    assert gate.waiting["Build"] == []


def test_a_closed_transition_keeps_everyone_out_until_it_opens() -> None:
    gate = StageGate(lambda _: None)
    one = execution("SUPERSEDED")
    gate.set_transition("Build", Transition(enabled=False))
    gate.line_up(one, "Build")
    came_in = entering(gate, one)
    assert not came_in.wait(0.1)
    gate.set_transition("Build", Transition())
    assert came_in.wait(5)


def test_a_deleted_pipeline_lets_nobody_in() -> None:
    gate = StageGate(lambda _: None)
    one = execution("QUEUED")
    gate.line_up(one, "Build")
    gate.close()
    with pytest.raises(NotEntered):
        gate.enter(one, "Build")
