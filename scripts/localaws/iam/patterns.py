"""How IAM compares: wildcards in actions and ARNs, and policy variables; used by statements and conditions."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

Context = Mapping[str, Sequence[str]]
"""The request's condition keys in lower case, each with its values; a key that is not there has none."""

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}


@functools.lru_cache(maxsize=65536)
def _expression(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Tell whether ``value`` fits a pattern with ``*`` and ``?``."""
    return bool(_expression(pattern, ignore_case).fullmatch(value))


def matches_arn(pattern: str, arn: str) -> bool:
    """Tell whether an ARN fits a pattern, each of its first five parts by itself, as the ARN operators do."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return pattern == "*"
    return all(matches(one, other) for one, other in zip(wanted, given, strict=True))


@functools.lru_cache(maxsize=65536)
def overlap(one: str, other: str) -> bool:
    """Tell whether some text fits both of two patterns."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and overlap(one[1:], other[1:])


def arns_overlap(one: str, other: str) -> bool:
    """Tell whether some ARN fits both of two patterns of ARNs, each of its first five parts by itself."""
    ones, others = one.split(":", 5), other.split(":", 5)
    if len(ones) != 6 or len(others) != 6:
        return "*" in (one, other)
    return all(overlap(mine, theirs) for mine, theirs in zip(ones, others, strict=True))


def fill(text: str, context: Context) -> str | None:
    """Return ``text`` with its policy variables filled in; None when one has no single value."""
    if "${" not in text:
        return text
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name, _, default = match[1].partition(",")
        if name in _LITERALS:
            # A literal wildcard would need an escape in patterns; no name of ours or of AWS's samples has one.
            return _LITERALS[name]
        values = context.get(name.strip().lower(), ())
        if len(values) == 1:
            return values[0]
        missing = missing or not default
        return default.strip().strip("'")

    filled = _VARIABLE.sub(value, text)
    return None if missing else filled
