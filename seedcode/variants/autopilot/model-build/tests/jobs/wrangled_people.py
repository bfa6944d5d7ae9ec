"""Made-up people as the flow leaves them, without a header; for the tests of the jobs after it."""

from __future__ import annotations

from adult.synthetic import make_people

DROPPED = (2, 3)
"""The places of fnlwgt and education in a raw record."""


def wrangled_people(count: int) -> list[list[str]]:
    """Return rows in the order of `adult.columns`."""
    raw = (line.split(", ") for line in make_people(count).splitlines())
    return [[cell for place, cell in enumerate(row) if place not in DROPPED] for row in raw]
