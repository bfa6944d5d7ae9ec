"""What is shown is whole, wherever it goes."""

from __future__ import annotations

import pytest
from rich.console import Console

from mlproject import console

ARN = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/sagemaker-{'churn' * 6}/12"


def test_a_table_off_a_terminal_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("models", ("version", "ARN", "message"), [(12, ARN, "word " * 60)])
    lines = [line for line in capsys.readouterr().out.splitlines() if ARN in line]
    assert len(lines) == 1
    assert lines[0].count("word") == 60


def test_a_table_in_a_narrow_terminal_folds_what_is_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = Console(force_terminal=True, width=60, soft_wrap=True, no_color=True)
    monkeypatch.setattr(console, "_out", narrow)
    console.table("models", ("version", "ARN"), [(12, ARN)])
    told = capsys.readouterr().out
    assert "…" not in told
    assert told.count("churn") >= 5


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("models", ("version", "ARN"), [])
    assert capsys.readouterr().out == "models: none\n"
