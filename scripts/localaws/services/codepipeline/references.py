"""Variable references ``#{namespace.name}``: texts and what actions put out come in, resolved texts go out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localaws.services.codepipeline.pipelinefaults import ActionFailed

REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_.-]+)\}")
BUILT_IN = ("codepipeline", "variables")
Namespaces = Mapping[str, Mapping[str, str]]


def resolve(text: str, namespaces: Namespaces) -> str:
    """Replace every reference in ``text``; raise ``ActionFailed`` naming the one that has no value."""

    def value(match: re.Match[str]) -> str:
        namespace, name = match.groups()
        found = namespaces.get(namespace, {}).get(name)
        if found is None:
            raise ActionFailed(
                f"The variable reference {match[0]} could not be resolved: no action has put out {name} in "
                f"namespace {namespace} in this execution",
                "ConfigurationError",
            )
        return found

    return REFERENCE.sub(value, text)


def resolve_all(configuration: Mapping[str, str], namespaces: Namespaces) -> dict[str, str]:
    """Resolve every value of an action's or rule's configuration."""
    return {name: resolve(text, namespaces) for name, text in configuration.items()}


def referenced(configuration: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield configuration key, reference and namespace of every reference."""
    for key, text in configuration.items():
        for match in REFERENCE.finditer(str(text)):
            yield key, match[0], match[1]
