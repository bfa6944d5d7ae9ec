"""Pipelines whose source is a provider's repository by a connection."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from .conftest import REGION, Bench

NAME = "team/churn"


class Team:
    """Somebody who pushes to the provider."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.client = bench.server.client("codeconnections", REGION)
        self.arn = self.client.create_connection(ProviderType="GitLab", ConnectionName="team")[
            "ConnectionArn"
        ]
        self.endpoint, self.folder = bench.server.endpoint, folder
        self._console("PUT", f"providers/GitLab/{NAME}")
        self._git("init", "--quiet", "--initial-branch=main", str(folder))

    def complete(self) -> None:
        """Complete the connection."""
        self._console("POST", f"connections/{self.arn.rpartition('/')[2]}")

    def push(self, content: str, branch: str = "main") -> str:
        """Push a README and return the commit's id."""
        (self.folder / "README.md").write_text(content)
        self._git("-C", str(self.folder), "add", ".")
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        self._git("-C", str(self.folder), *who, "commit", "--quiet", "-m", f"Say {content}")
        url = f"{self.endpoint}/_localaws/git/GitLab/{NAME}.git"
        self._git("-C", str(self.folder), "push", "--quiet", url, f"HEAD:{branch}")
        return self._git("-C", str(self.folder), "rev-parse", "HEAD")

    def source(self, **configuration: str) -> dict[str, Any]:
        """Return a stage with the source action."""
        given = {"ConnectionArn": self.arn, "FullRepositoryId": NAME, "BranchName": "main", **configuration}
        identity = {
            "category": "Source",
            "owner": "AWS",
            "provider": "CodeStarSourceConnection",
            "version": "1",
        }
        action = {"name": "Source", "actionTypeId": identity, "configuration": given, "namespace": "Source"}
        return {"name": "Source", "actions": [action | {"outputArtifacts": [{"name": "Code"}]}]}

    def _console(self, method: str, path: str) -> None:
        requests.request(method, f"{self.endpoint}/_localaws/{path}", timeout=30).raise_for_status()

    @staticmethod
    def _git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture
def team(bench: Bench, tmp_path: Path) -> Team:
    """Return a team whose connection is available."""
    made = Team(bench, tmp_path / "clone")
    made.complete()
    return made


def build(bench: Bench) -> dict[str, Any]:
    """Return a stage that reads the source and tells its commit."""
    bench.project("build", "cat README.md", "git log --oneline || true")
    configuration = {
        "ProjectName": "build",
        "EnvironmentVariables": '[{"name": "COMMIT", "value": "#{Source.CommitId}", "type": "PLAINTEXT"}]',
    }
    identity = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
    action = {"name": "Build", "actionTypeId": identity, "configuration": configuration}
    return {"name": "Build", "actions": [action | {"inputArtifacts": [{"name": "Code"}]}]}


def test_a_push_starts_the_pipeline_with_its_commit(bench: Bench, team: Team) -> None:
    team.push("one")
    bench.pipeline(stages=[team.source(), build(bench)])
    assert bench.wait() == "Succeeded"
    commit_id = team.push("two")
    team.push("elsewhere", branch="feature")
    bench.until(lambda: "yes" if len(bench.executions()) == 2 else "")
    assert bench.wait() == "Succeeded"
    assert bench.executions()[0]["trigger"] == {"triggerType": "WebhookV2", "triggerDetail": team.arn}
    variables = bench.action("Source")["output"]["outputVariables"]
    assert variables.pop("AuthorDate").endswith("Z")
    assert variables == {
        "BranchName": "main",
        "CommitId": commit_id,
        "CommitMessage": "Say two",
        "ConnectionArn": team.arn,
        "FullRepositoryName": NAME,
    }
    given = bench.action("Build")["input"]["resolvedConfiguration"]["EnvironmentVariables"]
    assert commit_id in given


def test_a_pipeline_that_detects_no_changes_is_left_alone(bench: Bench, team: Team) -> None:
    team.push("one")
    bench.pipeline(stages=[team.source(DetectChanges="false"), build(bench)])
    bench.wait()
    team.push("two")
    assert len(bench.executions()) == 1


def test_a_full_clone_brings_the_history_into_the_build(bench: Bench, team: Team) -> None:
    team.push("one")
    team.push("two")
    bench.pipeline(stages=[team.source(OutputArtifactFormat="CODEBUILD_CLONE_REF"), build(bench)])
    assert bench.wait() == "Succeeded"
    events = bench.server.client("logs", REGION).filter_log_events(logGroupName="/aws/codebuild/build")[
        "events"
    ]
    said = "\n".join(event["message"] for event in events)
    assert "Say one" in said
    assert "Say two" in said


def test_a_connection_that_was_not_completed_fails_the_source(bench: Bench, tmp_path: Path) -> None:
    team = Team(bench, tmp_path / "clone")
    bench.pipeline(stages=[team.source(), build(bench)])
    assert bench.wait() == "Failed"
    assert (
        "is not available"
        in bench.stage_state("Source")["actionStates"][0]["latestExecution"]["errorDetails"]["message"]
    )


def test_a_branch_that_is_not_there_fails_the_source(bench: Bench, team: Team) -> None:
    bench.pipeline(stages=[team.source(), build(bench)])
    assert bench.wait() == "Failed"
    assert (
        "No Branch [main] found"
        in bench.stage_state("Source")["actionStates"][0]["latestExecution"]["errorDetails"]["message"]
    )


def test_triggers_with_filters_are_refused_by_name(bench: Bench, team: Team) -> None:
    trigger = {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Source", "push": [{"branches": {"includes": ["main"]}}]},
    }
    with pytest.raises(ClientError, match="localaws does not support triggers"):
        bench.pipeline(stages=[team.source(), build(bench)], triggers=[trigger])
