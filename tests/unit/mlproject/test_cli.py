"""The command line tells what went wrong in one sentence, and lets nothing half-meant through."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from mlproject import cli, projects
from mlproject.errors import UserError

run = CliRunner().invoke


def test_every_command_tells_what_it_does() -> None:
    commands = [
        command.name or command.callback.__name__
        for command in cli.app.registered_commands
        if command.callback
    ]
    assert sorted(commands) == [
        "approve",
        "approve-model",
        "create",
        "destroy",
        "environment",
        "faults",
        "prepare-account",
        "publish",
        "rehearse",
        "reject",
        "status",
        "update",
        "vendor",
    ]
    for command in commands:
        told = run(cli.app, [command, "--help"])
        assert told.exit_code == 0
        assert "--help" in told.output


@pytest.mark.parametrize("count", ["0", "11", "two"])
def test_a_number_of_instances_beyond_the_form_is_refused(count: str) -> None:
    told = run(cli.app, ["create", "churn", "--production-instance-count", count])
    assert told.exit_code == 2


def test_an_expected_failure_is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: Any) -> None:
        raise UserError("project 'churn' cannot be read: it does not exist")

    monkeypatch.setattr(projects, "find", missing)
    monkeypatch.setattr("sys.argv", ["mlproject", "status", "churn", "--region", "eu-west-1"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: project 'churn' cannot be read: it does not exist\n"


def test_deleting_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = projects.Project("churn", "p-abc", "CreateCompleted")
    monkeypatch.setattr(projects, "find", lambda *_: found)
    monkeypatch.setattr(projects, "delete", lambda *_: pytest.fail("deleted without a yes"))
    told = run(cli.app, ["destroy", "churn", "--region", "eu-west-1"], input="n\n")
    assert told.exit_code == 1
