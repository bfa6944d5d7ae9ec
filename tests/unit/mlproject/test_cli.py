"""The command line tells what went wrong in one sentence, what comes next, and lets nothing half-meant through."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mlproject import approvals, catalog, cli, projects, status
from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal import rehearse
from mlproject.rehearsal.report import Step, Summary

run = CliRunner().invoke
READY = projects.Project("churn", "p-abc", "CreateCompleted")
IN_PROGRESS = projects.Project("churn", "p-abc", "CreateInProgress")


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be a published template and a project."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr(catalog, "find", lambda *_: catalog.Product("prod-1", "pa-1", "v1", frozenset()))
    monkeypatch.setattr(projects, "find", lambda *_: READY)
    monkeypatch.setattr(projects, "create", lambda *_: IN_PROGRESS)
    monkeypatch.setattr(projects, "wait", lambda *_: READY)
    monkeypatch.setattr(projects, "outputs", lambda *_: {"ProductionApiUrl": "https://api.example.com"})
    monkeypatch.setattr(projects, "delete", lambda *_: None)


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
    def raises(*_: Any) -> None:
        raise error

    monkeypatch.setattr(projects, "find", raises)
    monkeypatch.setattr("sys.argv", ["mlproject", "status", "churn", "--region", "eu-west-1"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_every_command_tells_what_it_does() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]  # a group's
    assert list(commands) == [
        *("publish", "prepare-account", "vendor"),
        *("create", "update", "status", "approve-model", "approve", "reject", "destroy"),
        *("rehearse", "environment", "faults"),
    ]
    for command in commands:
        told = run(cli.app, [command, "--help"])
        assert told.exit_code == 0
        assert "--help" in told.output


@pytest.mark.parametrize(
    "words",
    [
        ["create", "churn", "--production-instance-count", "0"],
        ["create", "churn", "--production-instance-count", "11"],
        ["create", "churn", "--production-instance-count", "two"],
        ["create", "churn", "--from", "ftp"],
        ["create"],
        ["approve-model", "churn", "--version", "0"],
        ["rehearse", "--engine", "podman"],
        ["rehearse", "--accounts", "three"],
        ["publish", "--to", "everywhere"],
        ["obliterate"],
    ],
)
def test_words_that_mean_nothing_are_refused(words: list[str]) -> None:
    told = run(cli.app, words)
    assert told.exit_code == 2
    assert "Traceback" not in told.output


def test_an_expected_failure_is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail(monkeypatch, UserError("project 'churn' cannot be read: it does not exist")) == 1
    assert capsys.readouterr().err == "error: project 'churn' cannot be read: it does not exist\n"


def test_a_long_sentence_stays_in_one_line_off_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "arn:aws:iam::123456789012:role/a-role-whose-name-is-long does not let anybody in " * 3
    assert fail(monkeypatch, PermissionError(13, "Permission denied", sentence)) == 1
    assert capsys.readouterr().err == f"error: {sentence}: Permission denied\n"


@pytest.mark.usefixtures("project")
def test_a_project_that_is_ready_says_where_to_clone_and_to_ask() -> None:
    told = run(cli.app, ["create", "churn"])
    assert told.exit_code == 0
    assert "project churn (p-abc) is CreateCompleted" in told.output
    assert "ProductionApiUrl: https://api.example.com" in told.output


@pytest.mark.usefixtures("project")
def test_a_project_that_is_not_waited_for_says_how_to_follow_it() -> None:
    told = run(cli.app, ["create", "churn", "--no-wait"])
    assert told.stdout == (
        "project churn (p-abc) is CreateInProgress; `mlproject status churn` shows how far it is\n"
    )
    answer = json.loads(run(cli.app, ["create", "churn", "--no-wait", "--json"]).stdout)
    assert (answer["status"], answer["outputs"]) == ("CreateInProgress", {})


@pytest.mark.usefixtures("project")
def test_a_project_that_failed_says_what_to_do_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failed(*_: Any) -> None:
        raise PlatformError("project 'churn' is CreateFailed: no such bucket")

    monkeypatch.setattr(projects, "wait", failed)
    monkeypatch.setattr("sys.argv", ["mlproject", "create", "churn"])
    with pytest.raises(SystemExit):
        cli.main()
    told = capsys.readouterr().err
    assert "CreateFailed: no such bucket\nwhen that is mended, `mlproject destroy churn`" in told


@pytest.mark.usefixtures("project")
def test_options_are_the_product_s_parameters_and_those_left_out_are_not_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[dict[str, str]] = []

    def keep(*words: Any) -> projects.Project:
        said.append(words[-1])
        return IN_PROGRESS

    monkeypatch.setattr(projects, "create", keep)
    monkeypatch.setattr(projects, "update", keep)
    created = ["--variant", "autopilot", "--staging-instance-count", "2", "--keep-data-on-delete"]
    assert run(cli.app, ["create", "churn", *created]).exit_code == 0
    assert run(cli.app, ["update", "churn", "--production-instance-type", "ml.m5.xlarge"]).exit_code == 0
    assert run(cli.app, ["update", "churn", "--no-keep-data-on-delete"]).exit_code == 0
    assert run(cli.app, ["update", "churn"]).exit_code == 0
    assert said == [
        {"ProjectVariant": "autopilot", "StagingInstanceCount": "2", "KeepDataOnDelete": "true"},
        {"ProductionInstanceType": "ml.m5.xlarge"},
        {"KeepDataOnDelete": "false"},
        {},
    ]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", ["approve", "reject", "approve-model", "update"])
def test_nothing_is_decided_of_a_project_that_was_never_made(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(projects, "find", lambda *_: projects.Project("churn", "p-abc", "CreateFailed"))
    monkeypatch.setattr("sys.argv", ["mlproject", command, "churn"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("error: project 'churn' is CreateFailed: it has no models")


@pytest.mark.usefixtures("project")
def test_ctrl_c_tells_that_aws_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(projects, "wait", interrupted)
    told = run(cli.app, ["create", "churn"])
    assert told.exit_code == 130
    assert "interrupted: AWS goes on with what has begun; `mlproject status churn`" in told.output


@pytest.mark.usefixtures("project")
def test_deleting_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "delete", lambda *_: pytest.fail("deleted without a yes"))
    told = run(cli.app, ["destroy", "churn", "--region", "eu-west-1"], input="n\n")
    assert told.exit_code == 1


@pytest.mark.usefixtures("project")
def test_a_deletion_that_is_not_waited_for_is_not_called_done() -> None:
    told = run(cli.app, ["destroy", "churn", "--yes", "--no-wait"])
    assert told.output.startswith("project churn is being deleted; ")


@pytest.mark.usefixtures("project")
def test_status_names_the_commands_for_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    read = status.Status(
        project="churn",
        project_id="p-abc",
        status="CreateCompleted",
        reason="",
        pipelines={},
        models=[status.Model(2, "PendingManualApproval", "arn:2")],
        endpoints={},
        elsewhere={},
        gate=approvals.Gate("deploy", "ApproveProduction", "Approve", "token", "https://report", "AUC 0.9"),
    )
    monkeypatch.setattr(status, "read", lambda *_: read)
    told = run(cli.app, ["status", "churn"]).output
    assert "model version 2 waits for a decision: mlproject approve-model churn" in told
    assert "production waits for a decision: AUC 0.9 https://report" in told
    assert "mlproject approve churn, or mlproject reject churn" in told


@pytest.mark.parametrize(("passed", "code"), [("passed", 0), ("failed", 1)])
def test_a_rehearsal_s_json_is_all_of_its_output(
    monkeypatch: pytest.MonkeyPatch, passed: Any, code: int
) -> None:
    def lived(*_: Any, show: bool) -> Summary:
        assert not show
        return Summary("processes", steps=[Step("publish", passed, 1.0)])

    monkeypatch.setattr(rehearse, "rehearse", lived)
    told = run(cli.app, ["rehearse", "--json"])
    assert told.exit_code == code
    assert json.loads(told.stdout)["engine"] == "processes"
