"""`[a, b] >> c` in, the pairs of steps that it orders out (to `planning`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(r"\s*(>>|<<|\[|\]|,|[A-Za-z0-9_-]+)")


class NotationError(Exception):
    """A line that is no dependency."""


def parse_dependency(line: str) -> Iterator[tuple[str, str]]:
    """Yield (earlier, later) for every pair of neighbours in the line.

    Raises
    ------
    NotationError
        Saying what is expected where.
    """
    tokens = _tokens(line)
    left = _group(tokens)
    if not tokens:
        raise NotationError("one step alone orders nothing: write a >> b")
    while tokens:
        arrow = tokens.pop(0)
        if arrow not in (">>", "<<"):
            raise NotationError(f"expected >> or << instead of {arrow!r}")
        right = _group(tokens)
        earlier, later = (left, right) if arrow == ">>" else (right, left)
        yield from ((one, other) for one in earlier for other in later)
        left = right


def _tokens(line: str) -> list[str]:
    found, position = [], 0
    while line[position:].strip():
        match = TOKEN.match(line, position)
        if match is None:
            raise NotationError(f"unexpected {line[position:].strip()[0]!r}: write a >> b, or [a, b] >> c")
        found.append(match[1])
        position = match.end()
    return found


def _group(tokens: list[str]) -> list[str]:
    if not tokens:
        raise NotationError("a step is missing at the end")
    first = tokens.pop(0)
    if first != "[":
        return [_name(first)]
    names: list[str] = []
    while tokens and tokens[0] != "]":
        names.append(_name(tokens.pop(0)))
        if tokens and tokens[0] == ",":
            tokens.pop(0)
        elif tokens and tokens[0] != "]":
            raise NotationError(f"expected , or ] instead of {tokens[0]!r}")
    if not tokens:
        raise NotationError("a ] is missing")
    tokens.pop(0)
    if not names:
        raise NotationError("a list without steps orders nothing")
    return names


def _name(token: str) -> str:
    if token in (">>", "<<", "[", "]", ","):
        raise NotationError(f"expected the name of a step instead of {token!r}")
    return token
