"""Applies API Gateway's patch operations (``/requestModels/application~1json``) to the objects that moto keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.exceptions import ServiceException

Patch = Mapping[str, str]
Fields = Mapping[str, tuple[str, Callable[[str], Any]]]


def boolean(text: str) -> bool:
    """Read ``true`` or ``false``."""
    return text.lower() == "true"


def apply(
    thing: Any,
    patches: Sequence[Patch],
    fields: Fields,
    maps: Mapping[str, str],
) -> None:
    """Change ``thing`` as ``patches`` say.

    Parameters
    ----------
    thing
        One of moto's objects.
    patches
        ``op`` (add, replace, remove), ``path`` and ``value`` each.
    fields
        JSON name -> attribute and reader of single values.
    maps
        JSON name -> attribute of dictionaries, whose entries are patched one by one.
    """
    for patch in patches:
        name, *rest = segments(patch["path"])
        value = patch.get("value") or ""
        if patch["op"] not in ("add", "replace", "remove"):
            raise refused(patch)
        if name in fields and not rest:
            attribute, read = fields[name]
            setattr(thing, attribute, None if patch["op"] == "remove" else read(value))
        elif name in maps and rest:
            entries = dict(getattr(thing, maps[name]) or {})
            _apply_entry(entries, patch["op"], rest[0], value)
            setattr(thing, maps[name], entries)
        else:
            raise refused(patch)


def segments(path: str) -> list[str]:
    """Split a JSON pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.removeprefix("/").split("/")]


def refused(patch: Patch) -> ServiceException:
    """Return the error for a patch that cannot be applied."""
    return ServiceException(
        "BadRequestException", f"Invalid patch operation {patch['op']} on {patch['path']}"
    )


def _apply_entry(entries: dict[str, Any], operation: str, key: str, value: str) -> None:
    if operation == "remove":
        entries.pop(key, None)
    else:
        entries[key] = value
