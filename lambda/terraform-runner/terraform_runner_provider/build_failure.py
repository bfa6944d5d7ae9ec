"""CodeBuild's state-change event comes in; which request its build served, and why it died, go out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WORDS = {
    "FAILED": "failed",
    "FAULT": "failed for a fault of CodeBuild",
    "STOPPED": "was stopped",
    "TIMED_OUT": "took longer than allowed",
}

_SHELL_SAYS_KILLED = re.compile(r"(.*: line \d+:\s+\d+ )?Killed\b")
_KILLED = "its program was killed from outside (as happens when memory runs out) and left no word of its own."


@dataclass(frozen=True)
class BuildFailure:
    """A runner build that ended without success."""

    request_key: str
    status: str
    phase_context: str
    log_group: str
    log_stream: str
    link: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> BuildFailure:
        """Return the failure in a ``CodeBuild Build State Change`` event."""
        detail = event["detail"]
        information = detail.get("additional-information", {})
        variables = information.get("environment", {}).get("environment-variables", [])
        logs = information.get("logs", {})
        return cls(
            request_key=next((v["value"] for v in variables if v["name"] == "REQUEST_KEY"), ""),
            status=detail["build-status"],
            phase_context=_first_context(information.get("phases", [])),
            log_group=logs.get("group-name", ""),
            log_stream=logs.get("stream-name", ""),
            link=logs.get("deep-link", ""),
        )

    def reason(self, last_line: str) -> str:
        """Return what a lead is told: what happened, the most telling line, and where to read on."""
        said = _KILLED if _SHELL_SAYS_KILLED.match(last_line) else last_line or self.phase_context
        sentence = f"The build that runs Terraform {_WORDS.get(self.status, self.status)}"
        sentence += f": {said}" if said else "."
        return f"{sentence} Log: {self.link}" if self.link else sentence


def _first_context(phases: Sequence[Mapping[str, Any]]) -> str:
    """Return what the first phase that went wrong says of itself; ``[": "]`` is CodeBuild's word for nothing."""
    for phase in phases:
        if phase.get("phase-status", "SUCCEEDED") != "SUCCEEDED":
            said = " ".join(str(part) for part in phase.get("phase-context", [])).strip(" :")
            if said:
                return said
    return ""
