"""What the commands of `cli` have in common: options by their types, the session, and how a result is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import boto3
import typer

from mlproject import console

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Region = Annotated[
    str, typer.Option(help="AWS region; the credentials' own when empty.", envvar="AWS_REGION")
]


def session_in(region: str) -> boto3.Session:
    """Return a session of the caller's credentials in a region, their own when empty."""
    return boto3.Session(region_name=region or None)


def show(result: Mapping[str, Any], json: bool, sentence: str) -> None:
    """Print a result for a program, or a sentence about it for a person."""
    if json:
        console.result_json(result)
    else:
        console.line(sentence)


@contextmanager
def waiting(title: str, afterwards: str) -> Iterator[console.Progress]:
    """Show progress while AWS works; who presses Ctrl-C is told what becomes of that work ``afterwards``."""
    try:
        with console.progress(title) as progress:
            yield progress
    except KeyboardInterrupt:
        console.note(f"interrupted: {afterwards}")
        raise typer.Exit(INTERRUPTED) from None
