"""A campaign's rows become a report for programs and a table for people; one that failed is told as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlproject.errors import UserError
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
from mlproject.rehearsal.engines import Engine

GOOD = row(
    "kill",
    "processes",
    "kill -9",
    Finding("Message returned: it\n failed | in /data/x", "rolled back", "retry", 1.26),
    Path("/data"),
)


def test_a_report_names_each_fault_its_end_state_and_its_recovery(tmp_path: Path) -> None:
    bad = failed_row("drop", "processes", "network drop", ValueError("no"), 3.0)
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
    long = row("a", "processes", "b", Finding("x" * 1000, "c", "d", 1.0), Path("/data"))
    assert len(long.seen) == LONGEST_SEEN + 3


def test_links_are_cut_and_folders_of_jobs_are_told_as_the_job_sees_them() -> None:
    seen = "full: /data/sagemaker/123456789012/us-east-1/processing/job-1/algo-1/processing/output/a.csv"
    link = "Log: https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#x/y"
    told = row("a", "processes", "b", Finding(f"{seen} (log: {link[5:]})", "c", "d", 1.0), Path("/data"))
    assert told.seen == "full: /opt/ml/processing/output/a.csv (log: https://console.aws.amazon.com/...)"


def test_faults_have_names_of_their_own() -> None:
    names = [each.name for each in campaign.faults()]
    assert len(names) == len(set(names)) >= 25


def test_a_run_of_one_fault_renews_its_row_and_keeps_the_others(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert read_report(report) == []
    write_report([GOOD, failed_row("drop", "processes", "network drop", ValueError("no"), 3.0)], [], report)
    new = row(
        "drop", "processes", "network drop", Finding("a wait", "created", "by itself", 2.0), Path("/data")
    )
    rows = merged(read_report(report), ["drop", "kill", "never run"], new)
    assert [(each.name, each.recovered) for each in rows] == [("drop", True), ("kill", True)]


def test_a_run_in_docker_adds_rows_and_a_table_of_its_own() -> None:
    again = row("kill", "docker", "docker kill", Finding("gone", "failed", "retry", 3.0), Path("/data"))
    rows = merged([GOOD], ["kill"], again)
    assert [each.engine for each in merged(rows, ["kill"], GOOD)] == ["processes", "docker"]
    by_processes, in_docker = page(rows, processors=2).split("## In Docker")
    assert "| kill | kill -9 |" in by_processes
    assert in_docker.splitlines()[-1] == "| kill | docker kill | gone | failed | retry | 3.0 |"
    assert "## In Docker" not in page([GOOD], processors=2)


def test_every_fault_runs_on_either_engine_and_says_what_it_does_there() -> None:
    lost = next(each for each in campaign.choose("host lost"))
    assert lost.injected_in(Engine.DOCKER).startswith("docker kill")
    assert lost.injected_in(Engine.PROCESSES).startswith("kill -9")
    assert all(each.injected_in(Engine.DOCKER) for each in campaign.choose(""))


def test_a_fault_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UserError, match=r"no fault is called 'meteor'; there are: .*quota error"):
        campaign.choose("meteor")
