"""What localaws takes inside of single operations: resource types, actions, steps, targets; read from the code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from localaws.services.cloudformation.resources.registry import table_providers
from localaws.services.codepipeline.actiontypes import ACTION_TYPES
from localaws.services.events.delivery import TARGETS
from localaws.services.sagemaker.step_types import CALLS, OTHERS


def features_of(service: str) -> Mapping[str, str]:
    """Return lists of what a service's operations take here, by title."""
    return {
        "cloudformation": {"Resource types": _resource_types(table_providers())},
        "codepipeline": {
            "Actions": ", ".join(f"{category} {name}" for category, _, name in sorted(ACTION_TYPES))
        },
        "events": {"Targets": ", ".join(sorted(TARGETS))},
        "sagemaker": {"Pipeline steps": ", ".join(sorted({*CALLS, *OTHERS}))},
    }.get(service, {})


def _resource_types(names: Iterable[str]) -> str:
    by_service: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        _, service, kind = name.split("::")
        by_service[service].append(kind)
    by_service["CloudFormation"].append("Stack")
    lists = [f"{service} ({', '.join(kinds)})" for service, kinds in sorted(by_service.items())]
    return "; ".join([*lists, "custom resources behind functions"])
