"""What an input would change in a stack, resource by resource; change sets and updates ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.evaluation import Evaluation
from localaws.services.cloudformation.intrinsics import normalised
from localaws.services.cloudformation.model import Input, Stack, StackResource
from localaws.services.cloudformation.resources.registry import provider_of


@dataclass(frozen=True)
class PlannedChange:
    """One resource's change: ``Add``, ``Modify`` or ``Remove``."""

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    changed: list[str] = field(default_factory=list)
    recreated: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Return the change as DescribeChangeSet answers it."""
        change: dict[str, Any] = {
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "ResourceType": self.type,
            "Scope": [],
            "Details": [],
        }
        if self.physical_id:
            change["PhysicalResourceId"] = self.physical_id
        if self.action == "Modify":
            change["Replacement"] = self.replacement
            change["Scope"] = sorted({"Tags" if name == "Tags" else "Properties" for name in self.changed})
            change["Details"] = [self._detail(name) for name in self.changed]
        return {"Type": "Resource", "ResourceChange": change}

    def _detail(self, name: str) -> dict[str, Any]:
        target: dict[str, str] = (
            {"Attribute": "Tags"}
            if name == "Tags"
            else {
                "Attribute": "Properties",
                "Name": name,
                "RequiresRecreation": "Always" if name in self.recreated else "Never",
            }
        )
        return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def changed_names(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the properties that differ once spelled alike."""
    return sorted(name for name in {*old, *new} if normalised(old.get(name)) != normalised(new.get(name)))


def plan(stack: Stack, evaluation: Evaluation) -> list[PlannedChange]:
    """Return the changes that would turn what exists into what ``evaluation`` wants."""
    planned: dict[str, PlannedChange] = {}
    depends = evaluation.depends()
    for name in _in_order(depends):
        current = stack.resources.get(name)
        resource = evaluation.active[name]
        if current is None or not current.physical_id:
            planned[name] = PlannedChange("Add", name, resource.type)
            continue
        change = _modification(current, evaluation, name, depends[name] & set(planned))
        if change:
            planned[name] = change
    removed = [
        PlannedChange("Remove", name, current.type, current.physical_id)
        for name, current in stack.resources.items()
        if name not in evaluation.active
    ]
    return [*planned.values(), *removed]


def anything_else_changed(stack: Stack, wanted: Input, evaluation: Evaluation) -> bool:
    """Tell whether outputs, tags or the role differ though no resource does."""
    current = stack.input
    return (
        current is None
        or dict(current.tags) != dict(wanted.tags)
        or current.role_arn != wanted.role_arn
        or stack.outputs != evaluation.outputs()
    )


def _modification(
    current: StackResource, evaluation: Evaluation, name: str, moving: set[str]
) -> PlannedChange | None:
    resource = evaluation.active[name]
    if current.type != resource.type:
        return PlannedChange("Modify", name, resource.type, current.physical_id, "True")
    try:
        properties = evaluation.properties(resource)
    except ResourceFailure:
        # It refers to something that exists only after the update.
        return PlannedChange("Modify", name, resource.type, current.physical_id, "Conditional")
    changed = changed_names(current.properties, properties)
    if not changed:
        return (
            PlannedChange("Modify", name, resource.type, current.physical_id, "Conditional")
            if moving and (_refers(resource.properties, moving))
            else None
        )
    provider = provider_of(resource.type)
    recreated = (
        provider.replaced_by(normalised(current.properties), normalised(properties)) if provider else []
    )
    return PlannedChange(
        "Modify", name, resource.type, current.physical_id, str(bool(recreated)), changed, recreated
    )


def _refers(properties: Any, names: set[str]) -> bool:
    from localaws.services.cloudformation.intrinsics import references

    return bool(set(references(properties, {})) & names)


def _in_order(depends: Mapping[str, set[str]]) -> list[str]:
    order: list[str] = []
    remaining = dict(depends)
    while remaining:
        free = [name for name, wanted in remaining.items() if not wanted & set(remaining)]
        order.extend(free)
        for name in free:
            del remaining[name]
    return order
