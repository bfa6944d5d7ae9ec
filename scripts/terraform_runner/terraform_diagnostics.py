"""Lines of Terraform's machine-readable output come in; log lines, moves, and the first error in words, go out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from terraform_runner.way_back import planned_move

_ADVICE = (
    (
        re.compile(r"AccessDenied|not authorized to perform|UnauthorizedOperation"),
        "The runner's role or the permissions boundary does not allow this: ask the platform engineer.",
    ),
    (
        re.compile(r"LimitExceeded|ServiceQuotaExceeded|TooManyBuckets|quota"),
        "A quota of this account is used up: delete projects that nobody needs, or ask for a higher quota.",
    ),
    (
        re.compile(r"AlreadyExists|EntityAlreadyExists|ResourceConflict|BucketAlready"),
        "Something of this name exists already and is not this project's: choose another project name, "
        "or remove it.",
    ),
    (re.compile(r"Throttl|TooManyRequests|Rate exceeded"), "AWS was busy: try again in a few minutes."),
)


@dataclass
class Diagnostics:
    """Collects what one Terraform command said."""

    errors: list[str] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)
    tail: str = ""

    def read(self, line: str) -> str:
        """Take one line of output and return what of it belongs in the log (maybe nothing).

        Only messages are passed on: outputs and planned values never are.
        """
        try:
            entry = json.loads(line)
        except ValueError:
            self.tail = line.strip() or self.tail
            return line.rstrip()
        if not isinstance(entry, dict):
            return ""
        self.moves |= planned_move(entry)
        if entry.get("type") == "diagnostic" and entry["diagnostic"].get("severity") == "error":
            self.errors.append(_in_words(entry["diagnostic"]))
            return f"Error: {self.errors[-1]}"
        return "" if entry.get("type") == "outputs" else str(entry.get("@message", ""))

    @property
    def first_error(self) -> str:
        """What a lead is told: the first error, with advice when the error is a known one."""
        said = self.errors[0] if self.errors else self.tail or "Terraform gave no reason; see the log."
        advice = next((words for pattern, words in _ADVICE if pattern.search(said)), "")
        more = f" ({len(self.errors) - 1} more in the log.)" if len(self.errors) > 1 else ""
        return f"{said}{more} {advice}".rstrip()


def _in_words(diagnostic: Mapping[str, Any]) -> str:
    parts = [diagnostic.get("summary", ""), diagnostic.get("detail", "")]
    said = ": ".join(" ".join(str(part).split()) for part in parts if part)
    address = diagnostic.get("address") or ""
    return f"{address}: {said}" if address else said
