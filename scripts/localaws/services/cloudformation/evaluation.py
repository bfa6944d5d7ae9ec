"""A stack's template made concrete: resources' properties and outputs evaluated against what exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localaws.services.cloudformation.errors import ResourceFailure, ValidationError
from localaws.services.cloudformation.intrinsics import Scope, evaluate, text_of
from localaws.services.cloudformation.model import Input, Stack, StackResource
from localaws.services.cloudformation.schemas import schema_of
from localaws.services.cloudformation.template import ResourceDefinition


class Evaluation:
    """Evaluates one input for one stack.

    Parameters
    ----------
    stack
        Whose pseudo parameters count.
    wanted
        The input to evaluate.
    resources
        What exists, looked up anew at each evaluation.
    import_value
        Resolves ``Fn::ImportValue``.
    """

    def __init__(
        self,
        stack: Stack,
        wanted: Input,
        resources: Mapping[str, StackResource],
        import_value: Callable[[str], str],
    ) -> None:
        self.wanted = wanted
        self._resources = resources
        values = {**stack.pseudo_parameters(), **wanted.values}
        self.conditions = wanted.template.evaluate_conditions(values)
        self.active = wanted.template.active_resources(self.conditions)
        self._scope = Scope(
            values=values,
            mappings=wanted.template.mappings,
            conditions=self.conditions,
            ref=self._ref,
            get_att=self._get_att,
            import_value=import_value,
        )

    def depends(self) -> dict[str, set[str]]:
        """Return every active resource with those it must come after."""
        return {
            name: self.wanted.template.dependencies(name, self.active, self.conditions)
            for name in self.active
        }

    def properties(self, resource: ResourceDefinition) -> dict[str, Any]:
        """Return a resource's evaluated properties, the stack's tags among its own."""
        try:
            properties = evaluate(dict(resource.properties), self._scope)
        except ValidationError as error:
            raise ResourceFailure(error.message) from error
        schema = schema_of(resource.type)
        if schema is not None and schema.tags:
            merged = _with_tags(properties.get("Tags"), self.wanted.tags, schema.tags)
            if merged:
                properties["Tags"] = merged
        return dict(properties)

    def outputs(self) -> list[dict[str, str]]:
        """Return the outputs whose condition holds."""
        made = []
        for name, entry in self.wanted.template.outputs.items():
            if entry.get("Condition") and not self.conditions[entry["Condition"]]:
                continue
            output = {"OutputKey": name, "OutputValue": text_of(evaluate(entry["Value"], self._scope))}
            if entry.get("Description"):
                output["Description"] = str(entry["Description"])
            if entry.get("Export"):
                output["ExportName"] = text_of(evaluate(entry["Export"]["Name"], self._scope))
            made.append(output)
        return made

    def _ref(self, name: str) -> Any:
        resource = self._existing(name)
        return resource.attributes.get("Ref", resource.physical_id)

    def _get_att(self, name: str, attribute: str) -> Any:
        found: Any = self._existing(name).attributes
        for part in [attribute] if attribute in found else attribute.split("."):
            if not isinstance(found, Mapping) or found.get(part) is None:
                kind = self._existing(name).type
                raise ValidationError(
                    f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
                    if not kind.startswith("Custom::")
                    else f"CustomResource attribute error: Vendor response doesn't contain {attribute} attribute"
                )
            found = found[part]
        return found

    def _existing(self, name: str) -> StackResource:
        if name not in self._resources:
            raise ValidationError(
                f"Unresolved resource dependencies [{name}] in the Resources block of the template"
            )
        return self._resources[name]


def _with_tags(own: Any, inherited: Mapping[str, str], shape: str) -> Any:
    usable = {key: value for key, value in inherited.items() if not key.startswith("aws:")}
    if shape == "object":
        return {**usable, **(own or {})}
    items: Iterable[Mapping[str, Any]] = own or ()
    keys = {text_of(item["Key"]) for item in items}
    return [*items, *({"Key": key, "Value": value} for key, value in usable.items() if key not in keys)]
