"""Reads a template's text, JSON or YAML with the short forms of intrinsic functions, into plain data."""

from __future__ import annotations

import json
from typing import Any

import yaml

from localaws.services.cloudformation.errors import ValidationError


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: dates and the like stay strings, duplicate keys are refused."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {name: value}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        # A key is text, also where it looks like an account's number or a yes.
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else loader.construct_object(key_node)
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_multi_constructor("!", _short_form)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse_document(text: str) -> dict[str, Any]:
    """Return the template in ``text`` as data, short forms written out (``!Ref X`` -> ``{"Ref": "X"}``)."""
    try:
        is_json = text.lstrip().startswith("{")
        data = json.loads(text) if is_json else yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise ValidationError(f"Template format error: {_where(error)}") from error
    if not isinstance(data, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return data


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"JSON not well-formed. (line {error.lineno}, column {error.colno})"
    mark = getattr(error, "problem_mark", None)
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"YAML not well-formed: {getattr(error, 'problem', error)}.{place}"
