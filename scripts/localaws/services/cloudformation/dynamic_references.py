"""Dynamic references (``{{resolve:...}}``): looked up when a resource is made or changed, then filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.cloudformation.errors import ResourceFailure

_REFERENCE = re.compile(r"\{\{resolve:([^:{}]+):([^{}]+)\}\}")
_ARN_PARTS = 7
Client = Callable[[str], Any]


def look_up(properties: Mapping[str, Any], resource_type: str, client: Client) -> dict[str, str]:
    """Return the value of every reference in ``properties``; ``client`` makes the service's client that reads it.

    Raises
    ------
    ResourceFailure
        A value is not there, or may not stand in such a property.
    """
    custom = resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"
    found: dict[str, str] = {}
    for place, reference, service, rest in _references(properties, f"{resource_type}/Properties"):
        if service == "ssm-secure" or (custom and service == "secretsmanager"):
            raise ResourceFailure(f"Secure references ({service}) are not supported in: [{place}]")
        if service not in _READERS:
            raise ResourceFailure(f"There is no dynamic reference to {service}: {reference}")
        if reference not in found:
            found[reference] = _READERS[service](rest, client)
    return found


def filled(value: Any, found: Mapping[str, str]) -> Any:
    """Return ``value`` with the references that were looked up replaced by what was found."""
    if isinstance(value, Mapping):
        return {key: filled(item, found) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, found) for item in value]
    if not isinstance(value, str) or not found:
        return value
    return _REFERENCE.sub(lambda match: found.get(match[0], match[0]), value)


def _references(value: Any, place: str) -> Iterator[tuple[str, str, str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _references(item, f"{place}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _references(item, place)
    elif isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            yield place, match[0], match[1], match[2]


def _parameter(name: str, client: Client) -> str:
    """Read ``name`` or ``name:version`` of Parameter Store."""
    parameter = _answer(lambda: client("ssm").get_parameter(Name=name))["Parameter"]
    if parameter["Type"] == "SecureString":
        raise ResourceFailure(f"The parameter {name} is a SecureString, which resolve:ssm does not read")
    return str(parameter["Value"])


def _secret(reference: str, client: Client) -> str:
    """Read ``id:SecretString:key:stage:version``, all but the first optional; the id may be an ARN."""
    parts = reference.split(":")
    count = _ARN_PARTS if reference.startswith("arn:") else 1
    kind, key, stage, version = [*parts[count:], "", "", "", ""][:4]
    if kind not in ("", "SecretString"):
        raise ResourceFailure(f"A secret has SecretString only, not {kind}: {reference}")
    arguments = {"SecretId": ":".join(parts[:count])}
    arguments |= {"VersionStage": stage} if stage else {}
    arguments |= {"VersionId": version} if version else {}
    text = str(
        _answer(lambda: client("secretsmanager").get_secret_value(**arguments)).get("SecretString", "")
    )
    if not key:
        return text
    try:
        value = json.loads(text)[key]
    except (KeyError, TypeError, ValueError) as error:
        raise ResourceFailure(
            f"Could not find a value associated with JSONKey in SecretString: {key}"
        ) from error
    return value if isinstance(value, str) else json.dumps(value)


def _answer(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        raise ResourceFailure(str(error.response.get("Error", {}).get("Message", error))) from error


_READERS: Mapping[str, Callable[[str, Client], str]] = {"secretsmanager": _secret, "ssm": _parameter}
