"""How long a minute of a time-out lasts: a minute, unless somebody who waits for time-outs asks for less."""

from __future__ import annotations

MINUTE = 60.0

_minute = MINUTE


def minutes(number: float) -> float:
    """Return the seconds that a time-out of so many minutes lasts."""
    return number * _minute


def set_minute(seconds: float) -> None:
    """Let a minute last so many seconds from now on."""
    global _minute
    _minute = seconds
