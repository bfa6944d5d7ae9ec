"""A plan's lines come in; what moves in the state goes out to the record, and the way back to the stack.

Once an apply has begun, the state has everything that moved under its new address, whatever becomes of the rest. The
template before knows the old addresses only: it would destroy what has moved and make it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Moves = Mapping[str, str]
"""Of each resource that moves: where it was, by where it is to be."""


def planned_move(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the move that a line of Terraform's machine-readable plan tells of, if it does."""
    change = entry.get("change", {}) if entry.get("type") == "planned_change" else {}
    if "previous_resource" not in change:
        return {}
    return {change["resource"]["addr"]: change["previous_resource"]["addr"]}


def way_back(moves: Moves, addresses: Collection[str]) -> list[tuple[str, str]]:
    """Return the steps (from, to) that undo ``moves`` where they have been made, in an order that works.

    Parameters
    ----------
    moves
        What an apply that did not end began with.
    addresses
        What is in the state. Nothing is moved to a place that something new has taken.
    """
    present = set(addresses)
    waiting = {after: before for after, before in moves.items() if after in present}
    steps = []
    while step := next(((a, b) for a, b in waiting.items() if b not in present), None):
        after, before = step
        del waiting[after]
        present = present - {after} | {before}
        steps.append(step)
    return steps
