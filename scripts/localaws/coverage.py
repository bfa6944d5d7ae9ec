"""What localaws answers itself, by operation: services tell it when they are installed, the docs page reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass
class Coverage:
    """What is known of one service's operations.

    Attributes
    ----------
    supported
        Operations that localaws answers itself.
    approximated
        Those of them that do less than AWS, or otherwise, and how.
    refused
        Operations that are refused by name, also where moto has them.
    """

    supported: set[str] = field(default_factory=set)
    approximated: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


_services: dict[str, Coverage] = {}


def coverage_of(service: str) -> Coverage | None:
    """Return what localaws does for a service (botocore's name), None when it leaves it to moto."""
    return _services.get(service)


def covered_services() -> list[str]:
    """Return the services of which localaws answers something itself."""
    return sorted(_services)


def answers(service: str, operations: Iterable[str], approximated: Mapping[str, str]) -> None:
    """Note that localaws answers ``operations``, some of them approximately."""
    entry = _services.setdefault(service, Coverage())
    entry.supported |= set(operations)
    unknown = sorted(set(approximated) - entry.supported)
    if unknown:
        raise LookupError(f"{service}: approximated and not answered: {', '.join(unknown)}")
    entry.approximated |= approximated


def refuses(service: str, operations: Iterable[str]) -> None:
    """Note that localaws refuses ``operations``."""
    _services.setdefault(service, Coverage()).refused |= set(operations)
