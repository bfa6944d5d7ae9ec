"""The record of a rehearsal: steps as they pass, the summary table, and ``summary.json``."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mlproject import console


@dataclass
class Step:
    """A step of the project's life, its time in seconds, and why it failed if it did."""

    name: str
    status: Literal["passed", "failed"]
    seconds: float
    message: str = ""


@dataclass
class Summary:
    """What ``summary.json`` holds.

    Attributes
    ----------
    engine
        What ran builds, jobs and endpoints.
    total_seconds
        From the start of the local AWS to the end.
    steps
        In their order; nothing comes after a failed one but the clean-up.
    terraform
        ``resources``: how many the project's state holds.
    model
        What the evaluation measured of the registered model, and its ``threshold`` if it has one.
    prediction
        The REST API's answer to a raw record.
    leftovers
        What the account holds after the project's deletion and did not hold before its creation.
    """

    engine: str
    total_seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    terraform: dict[str, int] = field(default_factory=dict)
    model: dict[str, float] = field(default_factory=dict)
    prediction: dict[str, Any] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every step passed and nothing was left over."""
        return bool(self.steps) and all(step.status == "passed" for step in self.steps) and not self.leftovers

    @contextmanager
    def step(self, name: str) -> Iterator[console.Progress]:
        """Time what happens inside as a step; an exception fails it and goes on up."""
        started = time.monotonic()

        def add(status: Literal["passed", "failed"], message: str = "") -> None:
            made = Step(name, status, round(time.monotonic() - started, 1), message)
            self.steps.append(made)
            console.note(
                f"{'✓' if status == 'passed' else '✗'} {name} ({made.seconds:.1f} s) {message}".rstrip()
            )

        try:
            with console.progress(name) as progress:
                yield progress
        except BaseException as error:
            add("failed", str(error) or type(error).__name__)
            raise
        add("passed")

    def write(self, path: Path) -> None:
        """Write the summary as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    def show(self) -> None:
        """Print the summary for a person."""
        console.table(
            "Rehearsal",
            ("step", "status", "seconds"),
            [(step.name, step.status, f"{step.seconds:.1f}") for step in self.steps]
            + [("total", "passed" if self.passed else "failed", f"{self.total_seconds:.1f}")],
        )
        facts = {
            "engine": self.engine,
            "Terraform resources": self.terraform.get("resources"),
            "model": ", ".join(f"{name} {value:.4g}" for name, value in self.model.items()) or None,
            "prediction": json.dumps(self.prediction) if self.prediction else None,
            "leftovers": ", ".join(self.leftovers) or "none",
        }
        for label, value in facts.items():
            if value is not None:
                console.line(f"{label}: {value}")
