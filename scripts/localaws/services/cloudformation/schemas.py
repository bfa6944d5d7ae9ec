"""What CloudFormation's resource schemas, which cfn-lint ships, say of a type's properties."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# The schemas of the region where every type exists; they differ between regions in enums only.
_REGION = "us-east-1"


@dataclass(frozen=True)
class TypeSchema:
    """The part of a resource schema that localaws needs."""

    name: str
    properties: frozenset[str]
    attributes: frozenset[str]
    create_only: frozenset[str]
    tags: str
    """``array``, ``object``, or empty when the type has no Tags."""
    document: Mapping[str, Any]
    """The whole schema."""

    def has_attribute(self, name: str) -> bool:
        """Tell whether CloudFormation answers ``Fn::GetAtt`` of this name."""
        return any(name == each or name.startswith(f"{each}.") for each in self.attributes)

    def misfit(self, properties: Mapping[str, Any]) -> str:
        """Return the first key of ``properties``, at any depth, that CloudFormation does not know or misses."""
        return next(_misfits(properties, self.document, self.document, "#"), "")

    def replaced_by(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return the create-only properties that differ between ``old`` and ``new``."""
        return sorted(name for name in self.create_only if old.get(name) != new.get(name))


@cache
def schema_of(resource_type: str) -> TypeSchema | None:
    """Return the schema of a type, or None when CloudFormation has no such type."""
    digest = _index().get(resource_type)
    if digest is None:
        return None
    schema = json.loads((_folder() / "resources" / f"{digest}.json").read_text())
    properties = schema["properties"]
    return TypeSchema(
        name=resource_type,
        properties=frozenset(properties),
        attributes=frozenset(_pointers(schema, "readOnlyProperties")),
        create_only=_names(schema, "createOnlyProperties"),
        tags=str(properties.get("Tags", {}).get("type", "")),
        document=schema,
    )


def _names(schema: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(name for name in _pointers(schema, key) if "." not in name)


def _pointers(schema: Mapping[str, Any], key: str) -> list[str]:
    return [str(pointer).removeprefix("/properties/").replace("/", ".") for pointer in schema.get(key, [])]


def _misfits(value: Any, shape: Mapping[str, Any], root: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what is wrong with the keys of a value, in CloudFormation's words; types are the API's to judge."""
    if "$ref" in shape:
        shape = root["definitions"][shape["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _misfits(item, shape.get("items", {}), root, f"{where}/{index}")
    known = shape.get("properties")
    if not isinstance(value, Mapping) or known is None:
        return
    if not shape.get("additionalProperties", False) and "patternProperties" not in shape:
        yield from (
            f"{where}: extraneous key [{key}] is not permitted" for key in sorted(set(value) - set(known))
        )
    yield from (
        f"{where}: required key [{key}] not found" for key in shape.get("required", ()) if key not in value
    )
    for key in sorted(set(value) & set(known)):
        yield from _misfits(value[key], known[key], root, f"{where}/{key}")


@cache
def _folder() -> Path:
    # Read as files: importing cfn-lint costs two seconds, and only its data is wanted here.
    spec = find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("cfn-lint, whose resource schemas localaws reads, is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = json.loads((_folder() / "providers" / f"{_REGION}.json").read_text())
    return index
