"""What CloudFormation's resource schemas, which cfn-lint ships, say of a type's properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    read_only: frozenset[str]
    create_only: frozenset[str]
    required: tuple[str, ...]
    tags: str
    """``array``, ``object``, or empty when the type has no Tags."""

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
        read_only=_names(schema, "readOnlyProperties"),
        create_only=_names(schema, "createOnlyProperties"),
        required=tuple(schema.get("required", ())),
        tags=str(properties.get("Tags", {}).get("type", "")),
    )


def _names(schema: Mapping[str, Any], key: str) -> frozenset[str]:
    pointers = [str(pointer).removeprefix("/properties/") for pointer in schema.get(key, [])]
    return frozenset(name for name in pointers if "/" not in name)


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
