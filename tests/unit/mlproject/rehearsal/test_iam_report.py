"""The report of IAM tells what was denied, what is granted in vain, and why the rest is granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlproject.rehearsal import iam_report

ROLES = "arn:aws:iam::123456789012:role"
RUNNER = f"{ROLES}/mlproject-platform-RunnerRole-I4GYU5TGHWW7"
EVENTS = f"{ROLES}/sagemaker-churn-p-moa2wr18isc5-build-events"


def record(**principals: tuple[list[str], list[str]]) -> dict[str, Any]:
    names = {"runner": RUNNER, "events": EVENTS, "lead": f"{ROLES}/StudioLead", "root": "arn:aws:iam::1:root"}
    return {
        "denied": [],
        "unknown": {},
        "principals": {
            names[name]: {
                "granted": {each: ["Sid"] for each in granted},
                "used": {each: ["*"] for each in used},
                "void": [],
            }
            for name, (granted, used) in principals.items()
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "iam"


def written(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


def test_a_right_that_nobody_used_and_nobody_explains_is_a_finding(folder: Path) -> None:
    granted = ["codepipeline:StartPipelineExecution", "codepipeline:DeletePipeline"]
    wrong = iam_report.write(record(events=(granted, ["codepipeline:StartPipelineExecution"])), folder)
    assert wrong == ["project/build-events does not use codepipeline:DeletePipeline"]
    assert written(folder)["unused"] == {"project/build-events": ["codepipeline:DeletePipeline"]}


def test_a_right_with_a_reason_is_explained_and_no_finding(folder: Path) -> None:
    assert iam_report.write(record(runner=(["codebuild:StopBuild"], [])), folder) == []
    report = written(folder)
    assert report["unused"] == {}
    assert report["explained"]["platform/RunnerRole"]["codebuild:StopBuild"].startswith(
        "a project is deleted"
    )
    assert "| `codebuild:` StopBuild | a project is deleted" in (folder / "report.md").read_text()


def test_an_action_that_is_named_where_it_has_no_effect_is_a_finding(folder: Path) -> None:
    made = record(events=([], []))
    made["principals"][EVENTS]["void"] = ["logs:DescribeIndexPolicies"]
    assert iam_report.write(made, folder) == [
        "project/build-events names logs:DescribeIndexPolicies where it has no effect"
    ]


def test_denied_and_unknown_requests_are_findings(folder: Path) -> None:
    made = record(events=([], []))
    made["denied"] = [{"message": "User: x is not authorized"}]
    made["unknown"] = {"tea:Brew": 1}
    assert iam_report.write(made, folder) == [
        "User: x is not authorized",
        "nobody knows which action tea:Brew is",
    ]


def test_policies_of_aws_s_own_are_not_ours_to_narrow(folder: Path) -> None:
    made = record(lead=(["s3:GetObject"], []), root=([], ["iam:GetRole"]))
    made["principals"][f"{ROLES}/StudioLead"]["void"] = ["states:StartExecution"]
    assert iam_report.write(made, folder) == []
    assert "| `StudioLead` | not ours | 0 | 0 | 0 |" in (folder / "report.md").read_text()
