"""A campaign's rows become a report for programs and a table for people; one that failed is told as such."""

from __future__ import annotations

import json
from pathlib import Path

from mlproject.faults import campaign
from mlproject.faults.findings import (
    LONGEST_SEEN,
    Finding,
    failed_row,
    merged,
    page,
    read_report,
    row,
    write_report,
)

GOOD = row(
    "kill",
    "kill -9",
    Finding("Message returned: it\n failed | in /data/x", "rolled back", "retry", 1.26),
    Path("/data"),
)


def test_a_report_names_each_fault_its_end_state_and_its_recovery(tmp_path: Path) -> None:
    bad = failed_row("drop", "network drop", ValueError("no"), 3.0)
    write_report([GOOD, bad], ["s3: left"], tmp_path / "deep/report.json")
    report = json.loads((tmp_path / "deep/report.json").read_text())
    assert [(each["name"], each["recovered"]) for each in report["faults"]] == [
        ("kill", True),
        ("drop", False),
    ]
    assert report["faults"][0]["end_state"] == "rolled back"
    assert report["faults"][0]["seconds"] == 1.3
    assert "ValueError: no" in report["faults"][1]["seen"]
    assert report["leftovers"] == ["s3: left"]


def test_the_page_has_a_row_for_each_fault_that_no_text_can_break() -> None:
    lines = page([GOOD], processors=2).splitlines()
    assert lines[-1] == "| kill | kill -9 | it failed \\| in /x | rolled back | retry | 1.3 |"
    assert any("2 processors" in line for line in lines)


def test_long_messages_are_cut() -> None:
    long = row("a", "b", Finding("x" * 1000, "c", "d", 1.0), Path("/data"))
    assert len(long.seen) == LONGEST_SEEN + 3


def test_faults_have_names_of_their_own() -> None:
    names = [each.name for each in campaign.faults()]
    assert len(names) == len(set(names)) >= 25


def test_a_run_of_one_fault_renews_its_row_and_keeps_the_others(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert read_report(report) == []
    write_report([GOOD, failed_row("drop", "network drop", ValueError("no"), 3.0)], [], report)
    new = row("drop", "network drop", Finding("a wait", "created", "by itself", 2.0), Path("/data"))
    rows = merged(read_report(report), ["drop", "kill", "never run"], new)
    assert [(each.name, each.recovered) for each in rows] == [("drop", True), ("kill", True)]
