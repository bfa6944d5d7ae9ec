"""Who may enter a stage: executions come in line, and go in one at a time by the pipeline's execution mode."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from localaws.services.codepipeline.executions import Execution


class NotEntered(Exception):
    """The execution was superseded, stopped or lost its pipeline while it waited."""


@dataclass
class Transition:
    """The way into a stage, which a person can close."""

    enabled: bool = True
    reason: str = ""
    changed_by: str = ""
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))


class StageGate:
    """The stages of one pipeline and the executions in front of them and in them.

    Parameters
    ----------
    on_superseded
        Called with an execution that a newer one overtook while it waited.
    """

    def __init__(self, on_superseded: Callable[[Execution], None]) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.transitions: dict[str, Transition] = {}
        self.waiting: dict[str, list[Execution]] = {}
        self.closed = False
        self._occupied: dict[str, str] = {}
        self._on_superseded = on_superseded

    def reopen(self) -> None:
        """Begin again with nobody in any stage or line: those who were there line up anew."""
        with self.changed:
            self.waiting.clear()
            self._occupied.clear()

    def line_up(self, execution: Execution, stage: str) -> None:
        """Wait in front of a stage from now on; in mode SUPERSEDED there is room for one, the newest."""
        with self.changed:
            line = self.waiting.setdefault(stage, [])
            if execution.mode == "SUPERSEDED":
                for overtaken in line:
                    overtaken.superseded = True
                    self._on_superseded(overtaken)
                line.clear()
            line.append(execution)
            self.changed.notify_all()

    def enter(self, execution: Execution, stage: str) -> None:
        """Return when the execution is in the stage; raise `NotEntered` when it never will be."""
        with self.changed:
            while not self._may_enter(execution, stage):
                if self._has_left(execution):
                    self._forget(execution, stage)
                    raise NotEntered
                self.changed.wait()
            self._forget(execution, stage)
            if execution.mode != "PARALLEL":
                self._occupied[stage] = execution.execution_id

    def _may_enter(self, execution: Execution, stage: str) -> bool:
        if self._has_left(execution):
            return False
        if execution.mode == "PARALLEL":
            return True
        first = self.waiting[stage][0] is execution
        return first and stage not in self._occupied and self.transition(stage).enabled

    def _has_left(self, execution: Execution) -> bool:
        return self.closed or execution.superseded or execution.status == "Stopping"

    def _forget(self, execution: Execution, stage: str) -> None:
        line = self.waiting.get(stage, [])
        if execution in line:
            line.remove(execution)
        self.changed.notify_all()

    def leave(self, execution: Execution, stage: str) -> None:
        """Make room in a stage."""
        with self.changed:
            if self._occupied.get(stage) == execution.execution_id:
                del self._occupied[stage]
            self.changed.notify_all()

    def transition(self, stage: str) -> Transition:
        """Return the way into a stage."""
        with self.changed:
            return self.transitions.setdefault(stage, Transition())

    def set_transition(self, stage: str, transition: Transition) -> None:
        """Open or close the way into a stage."""
        with self.changed:
            self.transitions[stage] = transition
            self.changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more: the pipeline is deleted."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
