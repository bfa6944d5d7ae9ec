"""Decisions that a pipeline waits for: a token goes out with the question, a person's answer comes in by API."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field


@dataclass
class Decision:
    """One question and, when it has come, its answer."""

    stage: str
    action: str
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    approved: bool = False
    summary: str = ""
    caller_arn: str = ""
    made: threading.Event = field(default_factory=threading.Event)


class Approvals:
    """The open questions of one pipeline."""

    def __init__(self) -> None:
        self._decisions: list[Decision] = []
        self._lock = threading.Lock()

    def ask(self, stage: str, action: str) -> Decision:
        """Open a question."""
        decision = Decision(stage, action)
        with self._lock:
            self._decisions.append(decision)
        return decision

    def find(self, stage: str, action: str, token: str) -> Decision | None:
        """Return the question of a token."""
        with self._lock:
            wanted = (stage, action, token)
            return next(
                (one for one in self._decisions if (one.stage, one.action, one.token) == wanted), None
            )

    def answer(self, decision: Decision, approved: bool, summary: str, caller_arn: str) -> bool:
        """Answer a question once; tell whether this was the answer."""
        with self._lock:
            if decision.made.is_set():
                return False
            decision.approved, decision.summary, decision.caller_arn = approved, summary, caller_arn
            decision.made.set()
            return True
