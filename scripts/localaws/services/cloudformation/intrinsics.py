"""Evaluates intrinsic functions: a template's value and a scope come in, the plain value goes out."""

from __future__ import annotations

import base64
import ipaddress
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.services.cloudformation.errors import ValidationError

_SUB_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class _NoValue:
    """What ``AWS::NoValue`` evaluates to: the property is as if never written."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()


@dataclass(frozen=True)
class Scope:
    """What a template's values may refer to.

    Attributes
    ----------
    values
        Parameters and pseudo parameters.
    mappings
        The template's Mappings.
    conditions
        Conditions already evaluated.
    ref, get_att
        Resolve a resource's ``Ref`` and ``Fn::GetAtt``.
    import_value
        Resolves an export's name.
    zones
        Availability zones of a region.
    """

    values: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    ref: Callable[[str], Any] = lambda name: _unresolved(name)
    get_att: Callable[[str, str], Any] = lambda name, attribute: _unresolved(f"{name}.{attribute}")
    import_value: Callable[[str], str] = lambda name: _unresolved(name)
    zones: Callable[[str], list[str]] = lambda region: [f"{region}{letter}" for letter in "abc"]


def _unresolved(name: str) -> Any:
    raise ValidationError(f"Template format error: Unresolved resource dependencies [{name}] in the template")


def evaluate(value: Any, scope: Scope) -> Any:
    """Return ``value`` with every intrinsic function replaced by its result."""
    if isinstance(value, list):
        items = [evaluate(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    name = function_of(value)
    if name:
        return _FUNCTIONS[name](value[name], scope)
    members = {key: evaluate(item, scope) for key, item in value.items()}
    return {key: item for key, item in members.items() if item is not NO_VALUE}


def function_of(value: Any) -> str:
    """Return the intrinsic function that ``value`` calls, or an empty string."""
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    (name,) = value
    if name in _FUNCTIONS and not (name == "Condition" and not isinstance(value[name], str)):
        return str(name)
    if isinstance(name, str) and name.startswith("Fn::"):
        raise ValidationError(f"Template format error: localaws does not support the function {name}")
    return ""


def references(value: Any, conditions: Mapping[str, bool]) -> Iterator[str]:
    """Yield the names that ``value`` refers to by Ref, GetAtt or Sub, in the branches that its conditions take."""
    if isinstance(value, list):
        for item in value:
            yield from references(item, conditions)
    elif isinstance(value, dict):
        name = function_of(value)
        if name:
            yield from _referred(name, value[name], conditions)
        else:
            for item in value.values():
                yield from references(item, conditions)


def attribute_references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every resource and attribute that ``value`` asks for by GetAtt or Sub, whatever its conditions."""
    if isinstance(value, list):
        for item in value:
            yield from attribute_references(item)
    elif isinstance(value, dict):
        name = function_of(value)
        if name == "Fn::GetAtt":
            resource, attribute = _attribute_of(value[name])
            if isinstance(attribute, str):
                yield resource, attribute
        elif name == "Fn::Sub":
            text, local = _sub_arguments(value[name])
            pairs = (variable.split(".", 1) for variable in _sub_variables(text) if variable not in local)
            yield from ((pair[0], pair[1]) for pair in pairs if len(pair) > 1)
            yield from attribute_references(local)
        else:
            for item in value.values():
                yield from attribute_references(item)


def maps_named(value: Any) -> set[str]:
    """Return the mappings that ``value`` looks into, as far as they are named and not computed."""
    if isinstance(value, list):
        return {name for item in value for name in maps_named(item)}
    if not isinstance(value, dict):
        return set()
    lookup = value.get("Fn::FindInMap") if function_of(value) == "Fn::FindInMap" else None
    own = {lookup[0]} if isinstance(lookup, list) and lookup and isinstance(lookup[0], str) else set()
    return own | {name for item in value.values() for name in maps_named(item)}


def _referred(name: str, argument: Any, conditions: Mapping[str, bool]) -> Iterator[str]:
    if name == "Ref":
        yield str(argument)
    elif name == "Fn::GetAtt":
        yield _attribute_of(argument)[0]
    elif name == "Fn::Sub":
        text, local = _sub_arguments(argument)
        for variable in _sub_variables(text):
            if variable not in local:
                yield variable.split(".", 1)[0]
        yield from references(local, conditions)
    elif name == "Fn::If" and isinstance(argument, list) and argument[0] in conditions:
        yield from references(argument[1 if conditions[argument[0]] else 2], conditions)
    else:
        yield from references(argument, conditions)


def _attribute_of(argument: Any) -> tuple[str, Any]:
    if isinstance(argument, str):
        argument = argument.split(".", 1)
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise ValidationError("Template error: every Fn::GetAtt object must have two string parameters")
    return argument[0], argument[1]


def _sub_arguments(argument: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(argument, str):
        return argument, {}
    if (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[0], str)
        and isinstance(argument[1], dict)
    ):
        return argument[0], argument[1]
    raise ValidationError(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
        "string as first argument, and an optional second argument to specify a mapping of values to replace in "
        "the string"
    )


def _sub_variables(text: str) -> list[str]:
    return [name.strip() for name in _SUB_VARIABLE.findall(text) if not name.startswith("!")]


def _ref(argument: Any, scope: Scope) -> Any:
    if argument == "AWS::NoValue":
        return NO_VALUE
    if argument in scope.values:
        return scope.values[argument]
    return scope.ref(str(argument))


def _get_att(argument: Any, scope: Scope) -> Any:
    name, attribute = _attribute_of(argument)
    return scope.get_att(name, text_of(evaluate(attribute, scope)))


def _sub(argument: Any, scope: Scope) -> str:
    text, local = _sub_arguments(argument)
    values = {key: evaluate(item, scope) for key, item in local.items()}

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        name = name.strip()
        if name in values:
            value = values[name]
        else:
            value = scope.get_att(*name.split(".", 1)) if "." in name else _ref(name, scope)
        if isinstance(value, list | dict):
            raise ValidationError(
                f"Template error: variable {name} in Fn::Sub expression does not resolve to a string"
            )
        return text_of(value)

    return _SUB_VARIABLE.sub(replace, text)


def _join(argument: Any, scope: Scope) -> str:
    delimiter, items = _arguments("Fn::Join", argument, 2)
    items = evaluate(items, scope)
    if not isinstance(items, list):
        raise ValidationError(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and "
            "(2) a list of strings to be joined"
        )
    return str(delimiter).join(text_of(item) for item in items)


def _split(argument: Any, scope: Scope) -> list[str]:
    delimiter, text = _arguments("Fn::Split", argument, 2)
    return text_of(evaluate(text, scope)).split(str(delimiter))


def _select(argument: Any, scope: Scope) -> Any:
    index, items = (evaluate(item, scope) for item in _arguments("Fn::Select", argument, 2))
    if isinstance(items, str):
        items = items.split(",")
    if not isinstance(items, list) or not text_of(index).isdigit():
        raise ValidationError(
            "Template error: every Fn::Select object requires two parameters, (1) an index, and (2) a list of strings"
        )
    if int(index) >= len(items):
        raise ValidationError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[int(index)]


def _if(argument: Any, scope: Scope) -> Any:
    condition, chosen, other = _arguments("Fn::If", argument, 3)
    return evaluate(chosen if _condition(condition, scope) else other, scope)


def _condition(name: Any, scope: Scope) -> bool:
    if name not in scope.conditions:
        raise ValidationError(f"Template error: unresolved condition dependency {name} in Conditions block")
    return bool(scope.conditions[name])


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = (evaluate(item, scope) for item in _arguments("Fn::Equals", argument, 2))
    return bool(normalised(left) == normalised(right))


def _and(argument: Any, scope: Scope) -> bool:
    return all(bool(evaluate(item, scope)) for item in _between("Fn::And", argument))


def _or(argument: Any, scope: Scope) -> bool:
    return any(bool(evaluate(item, scope)) for item in _between("Fn::Or", argument))


def _not(argument: Any, scope: Scope) -> bool:
    (item,) = _arguments("Fn::Not", argument, 1)
    return not bool(evaluate(item, scope))


def _find_in_map(argument: Any, scope: Scope) -> Any:
    keys = [text_of(evaluate(item, scope)) for item in _arguments("Fn::FindInMap", argument, 3)]
    found: Any = scope.mappings
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            raise ValidationError(f"Template error: Unable to get mapping for {'::'.join(keys)}")
        found = found[key]
    return found


def _import_value(argument: Any, scope: Scope) -> str:
    return scope.import_value(text_of(evaluate(argument, scope)))


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(text_of(evaluate(argument, scope)).encode()).decode()


def _cidr(argument: Any, scope: Scope) -> list[str]:
    block, count, *bits = evaluate(argument, scope)
    try:
        network = ipaddress.ip_network(text_of(block), strict=False)
        prefix = network.max_prefixlen - int(bits[0]) if bits else 24
        found = [str(each) for each in itertools.islice(network.subnets(new_prefix=prefix), int(count))]
    except ValueError as error:
        raise ValidationError(f"Template error: Fn::Cidr of {text_of(block)}: {error}") from error
    if len(found) < int(count):
        raise ValidationError(
            f"Template error: Fn::Cidr: {text_of(block)} has only {len(found)} blocks of that size"
        )
    return found


def _get_azs(argument: Any, scope: Scope) -> list[str]:
    region = text_of(evaluate(argument, scope)) or text_of(scope.values["AWS::Region"])
    return scope.zones(region)


def _arguments(name: str, argument: Any, count: int) -> list[Any]:
    if not isinstance(argument, list) or len(argument) != count:
        raise ValidationError(f"Template error: every {name} object requires {count} parameters")
    return argument


def _between(name: str, argument: Any) -> list[Any]:
    if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
        raise ValidationError(
            f"Template error: every {name} object requires a list of at least 2 and at most 10 boolean parameters."
        )
    return argument


def text_of(value: Any) -> str:
    """Return a scalar as CloudFormation writes it in a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(text_of(item) for item in value)
    return str(value)


def normalised(value: Any) -> Any:
    """Return ``value`` with every scalar as a string, the form in which CloudFormation compares and sends values."""
    if isinstance(value, dict):
        return {key: normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    return None if value is None else text_of(value)


_FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _get_azs,
}
