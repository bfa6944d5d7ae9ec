"""A checked template: text comes in, named sections with known keys go out; what localaws cannot do is refused here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.services.cloudformation.documents import parse_document
from localaws.services.cloudformation.errors import ValidationError
from localaws.services.cloudformation.intrinsics import Scope, evaluate, maps_named, references
from localaws.services.cloudformation.parameters import Parameter, parse_parameter

_VERSION = "2010-09-09"
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
_RESOURCE_KEYS = {
    "Condition",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdateReplacePolicy",
}
_UNSUPPORTED_KEYS = ("CreationPolicy", "UpdatePolicy")
_POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")


@dataclass(frozen=True)
class ResourceDefinition:
    """One entry of a template's Resources."""

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str = ""
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Any = None


@dataclass(frozen=True)
class Template:
    """A parsed and checked template."""

    body: str
    description: str
    parameters: Mapping[str, Parameter]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    rules: Mapping[str, Any]
    resources: Mapping[str, ResourceDefinition]
    outputs: Mapping[str, Any]
    metadata: Any

    def evaluate_conditions(self, values: Mapping[str, Any]) -> dict[str, bool]:
        """Return every condition's value for parameter and pseudo-parameter ``values``."""
        known: dict[str, bool] = {}

        def value_of(name: str, trail: tuple[str, ...]) -> None:
            if name in known:
                return
            if name in trail:
                raise ValidationError(
                    f"Template format error: Circular dependency between conditions: {name}"
                )
            if name not in self.conditions:
                raise ValidationError(
                    f"Template error: unresolved condition dependency {name} in Conditions block"
                )
            for other in _conditions_in(self.conditions[name]):
                value_of(other, (*trail, name))
            scope = Scope(values=values, mappings=self.mappings, conditions=known)
            known[name] = bool(evaluate(self.conditions[name], scope))

        for name in self.conditions:
            value_of(name, ())
        return known

    def active_resources(self, conditions: Mapping[str, bool]) -> dict[str, ResourceDefinition]:
        """Return the resources whose condition holds."""
        return {
            name: resource
            for name, resource in self.resources.items()
            if not resource.condition or conditions[resource.condition]
        }

    def dependencies(self, name: str, active: Mapping[str, Any], conditions: Mapping[str, bool]) -> set[str]:
        """Return the active resources that resource ``name`` must come after."""
        resource = self.resources[name]
        wanted = {*resource.depends_on, *references(resource.properties, conditions)}
        return {other for other in wanted if other in active and other != name}


def parse_template(text: str) -> Template:
    """Return the checked template in ``text``, or raise ``ValidationError`` in CloudFormation's words."""
    data = parse_document(text)
    unknown = sorted(set(data) - _SECTIONS)
    if unknown:
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    if str(data.get("AWSTemplateFormatVersion", _VERSION)) != _VERSION:
        raise ValidationError("Template format error: unsupported value for AWSTemplateFormatVersion.")
    if "Transform" in data:
        raise ValidationError(f"localaws does not support template transforms: {data['Transform']}")
    resources = data.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    template = Template(
        body=text,
        description=str(data.get("Description") or ""),
        parameters={
            name: parse_parameter(name, entry) for name, entry in _section(data, "Parameters").items()
        },
        mappings=_section(data, "Mappings"),
        conditions=_section(data, "Conditions"),
        rules=_section(data, "Rules"),
        resources={name: _resource(name, entry) for name, entry in resources.items()},
        outputs=_section(data, "Outputs"),
        metadata=data.get("Metadata"),
    )
    _check(template)
    return template


def _section(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = data.get(name) or {}
    if not isinstance(section, dict):
        raise ValidationError(f"Template format error: {name} must be an object")
    return section


def _resource(name: str, entry: Any) -> ResourceDefinition:
    if not name.isalnum():
        raise ValidationError(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(entry, dict) or not isinstance(entry.get("Type"), str):
        raise ValidationError(f"Template format error: Resource {name} must have a Type member.")
    unknown = sorted(set(entry) - _RESOURCE_KEYS)
    if unknown and unknown[0] in _UNSUPPORTED_KEYS:
        raise ValidationError(f"localaws does not support {unknown[0]} (resource {name})")
    if unknown:
        raise ValidationError(f"Invalid template resource property '{unknown[0]}'")
    depends_on = entry.get("DependsOn") or []
    return ResourceDefinition(
        logical_id=name,
        type=entry["Type"],
        properties=entry.get("Properties") or {},
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=entry.get("Condition", ""),
        deletion_policy=_policy(name, entry, "DeletionPolicy"),
        update_replace_policy=_policy(name, entry, "UpdateReplacePolicy"),
        metadata=entry.get("Metadata"),
    )


def _policy(name: str, entry: Mapping[str, Any], key: str) -> str:
    policy = entry.get(key, "Delete")
    if policy not in _POLICIES:
        raise ValidationError(f"localaws does not support {key} {policy} (resource {name})")
    return str(policy)


def _check(template: Template) -> None:
    known = set(template.resources) | set(template.parameters)
    places: dict[str, Any] = {
        f"resource {name}": resource.properties for name, resource in template.resources.items()
    }
    places |= {f"output {name}": entry for name, entry in template.outputs.items()}
    missing = {
        name for value in places.values() for name in references(value, {}) if not name.startswith("AWS::")
    } - known
    missing |= {other for resource in template.resources.values() for other in resource.depends_on} - set(
        template.resources
    )
    if missing:
        raise ValidationError(
            f"Template format error: Unresolved resource dependencies [{', '.join(sorted(missing))}] in the "
            "Resources block of the template"
        )
    for name in sorted(maps_named(list(places.values())) - set(template.mappings)):
        raise ValidationError(
            f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."
        )
    _check_conditions(template)
    _check_cycles(template)


def _check_conditions(template: Template) -> None:
    used = {resource.condition for resource in template.resources.values() if resource.condition}
    used |= {name for resource in template.resources.values() for name in _conditions_in(resource.properties)}
    _check_known(template, used, "Resources")
    for name, entry in template.outputs.items():
        if not isinstance(entry, dict) or "Value" not in entry:
            raise ValidationError(f"Template format error: Output {name} must have a Value member")
    used = {entry["Condition"] for entry in template.outputs.values() if "Condition" in entry}
    _check_known(template, used | set(_conditions_in(list(template.outputs.values()))), "Outputs")


def _check_known(template: Template, used: set[str], block: str) -> None:
    missing = sorted(used - set(template.conditions))
    if missing:
        raise ValidationError(
            f"Template format error: Unresolved condition dependency {missing[0]} in the {block} block of the template"
        )


def _check_cycles(template: Template) -> None:
    for name, resource in template.resources.items():
        if name in (*resource.depends_on, *references(resource.properties, {})):
            raise ValidationError(f"Circular dependency between resources: [{name}]")
    remaining = {name: template.dependencies(name, template.resources, {}) for name in template.resources}
    while remaining:
        free = [name for name, wanted in remaining.items() if not wanted & set(remaining)]
        if not free:
            names = ", ".join(sorted(remaining))
            raise ValidationError(f"Circular dependency between resources: [{names}]")
        for name in free:
            del remaining[name]


def _conditions_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        if set(value) == {"Condition"} and isinstance(value["Condition"], str):
            return [value["Condition"]]
        branches = value.get("Fn::If")
        own = [branches[0]] if isinstance(branches, list) and branches else []
        return own + [name for item in value.values() for name in _conditions_in(item)]
    if isinstance(value, list):
        return [name for item in value for name in _conditions_in(item)]
    return []
