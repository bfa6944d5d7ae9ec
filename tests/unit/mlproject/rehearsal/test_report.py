"""A summary passes only when every step did and nothing was left over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlproject.errors import PlatformError
from mlproject.rehearsal.report import Summary


def test_a_rehearsal_without_steps_has_not_passed() -> None:
    assert not Summary("processes").passed


def test_a_failed_step_fails_the_rehearsal_and_keeps_its_reason() -> None:
    summary = Summary("processes")
    with summary.step("create"):
        pass
    with pytest.raises(PlatformError), summary.step("train"):
        raise PlatformError("the data has no rows")
    assert [(step.name, step.status, step.message) for step in summary.steps] == [
        ("create", "passed", ""),
        ("train", "failed", "the data has no rows"),
    ]
    assert not summary.passed


def test_leftovers_fail_a_rehearsal_whose_steps_passed() -> None:
    summary = Summary("processes")
    with summary.step("delete"):
        pass
    assert summary.passed
    summary.leftovers = ["s3: forgotten"]
    assert not summary.passed


def test_the_file_holds_what_programs_read(tmp_path: Path) -> None:
    summary = Summary("processes", total_seconds=12.3, terraform={"resources": 4}, model={"auc": 0.93})
    with summary.step("publish"):
        pass
    summary.write(tmp_path / "made/summary.json")
    written = json.loads((tmp_path / "made/summary.json").read_text())
    assert list(written) == [
        "engine",
        "total_seconds",
        "steps",
        "terraform",
        "model",
        "prediction",
        "leftovers",
    ]
    assert {"name", "status", "seconds"} <= set(written["steps"][0])
