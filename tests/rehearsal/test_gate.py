"""What the approver decides at the production gate is what happens, and nothing else."""

from __future__ import annotations

import pytest

from mlproject import approvals, status
from mlproject.rehearsal.life import Life

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]


def test_the_gate_names_the_version_and_links_a_report_that_is_there(staged: Life) -> None:
    gate = approvals.waiting_gate(staged.session, staged.project.names.repository("modeldeploy"))
    assert gate is not None
    assert staged.project.names.model_package_group in gate.message
    assert gate.report_url.startswith("https://")


def test_a_rejection_at_the_gate_leaves_production_untouched(staged: Life) -> None:
    pipeline = staged.project.names.repository("modeldeploy")
    approvals.decide_gate(staged.session, pipeline, "Rejected", "not today")
    staged.wait(lambda: failed_stages(staged, pipeline) == ["ApproveProduction"], lambda _: None)
    endpoints = status.read(staged.session, staged.project).endpoints
    assert endpoints == {f"{staged.project.names.short_prefix}-staging": "InService"}


def failed_stages(life: Life, pipeline: str) -> list[str]:
    return [stage.name for stage in status.stages(life.session, pipeline) if stage.status == "Failed"]
