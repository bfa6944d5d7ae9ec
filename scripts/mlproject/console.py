"""What a command shows: progress on stderr while it runs, then its result on stdout for a person or, with ``--json``,
for a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Progress = Callable[[str], None]
"""Called with a sentence whenever what is being waited for moves on."""

_err = Console(stderr=True, highlight=False, soft_wrap=True)
_out = Console(highlight=False, soft_wrap=True)
_WIDE = 1000
"""How wide a table may be off a terminal: nothing of it is to be folded or cut off for programs that read lines."""


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show ``title`` with what is happening now; off a terminal, a line for each change."""
    if _err.is_terminal:
        with _err.status(title) as status:
            yield lambda message: status.update(f"{title}: {escape(message)}")
    else:
        yield _ChangesOnly(title)


class _ChangesOnly:
    """Prints a message when it differs from the one before."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._last = ""

    def __call__(self, message: str) -> None:
        if message != self._last:
            self._last = message
            note(f"{self._title}: {message}")


def note(message: str) -> None:
    """Tell a person something, beside the result."""
    _err.print(message, markup=False)


def fail(message: str) -> None:
    """Tell a person why the command ends."""
    _err.print("[bold red]error:[/] ", end="")
    _err.print(message, markup=False)


def result_json(result: Any) -> None:
    """Print ``result`` for a program."""
    print(json.dumps(result, indent=2, default=str))


def line(text: str) -> None:
    """Print one line of a result for a person."""
    _out.print(text, markup=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table of a result for a person; an empty one says so."""
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    if not _out.is_terminal:
        _out.width = _WIDE
    _out.print(made if rows else f"{title}: none")
