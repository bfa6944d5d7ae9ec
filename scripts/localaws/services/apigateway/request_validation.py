"""Checks a request as its method's validator says: required parameters, then the body against its model."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT4

from localaws.services.apigateway.exchange import Exchange
from localaws.services.apigateway.gateway_responses import GatewayError
from localaws.services.apigateway.request_parameters import request_parameter


def check_request(exchange: Exchange) -> None:
    """Raise GatewayError when a request lacks a required parameter or its body breaks its model."""
    method = exchange.method
    validator = exchange.target.snapshot.validators.get((method and method.request_validator_id) or "")
    if method is None or validator is None:
        return
    if validator.parameters:
        _check_parameters(exchange, method.request_parameters or {})
    if validator.body:
        _check_body(exchange, method.request_models or {})


def _check_parameters(exchange: Exchange, parameters: Mapping[str, Any]) -> None:
    missing = [
        name.rpartition(".")[2]
        for name, required in parameters.items()
        if str(required).lower() == "true" and not request_parameter(exchange, name)
    ]
    if missing:
        raise GatewayError(
            "BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{', '.join(missing)}]"
        )


def _check_body(exchange: Exchange, request_models: Mapping[str, str]) -> None:
    # A content type without a model is not checked; `$default` is the model of every other type.
    name = request_models.get(exchange.media_type()) or request_models.get("$default")
    schema = exchange.target.snapshot.models.get(name or "")
    if not schema:
        return
    try:
        content = json.loads(exchange.body)
    except ValueError as error:
        raise GatewayError("BAD_REQUEST_BODY", validation="[Invalid JSON]") from error
    try:
        models = exchange.target.snapshot.models
        errors = list(_validator(schema, frozenset(models.items())).iter_errors(content))
    except (SchemaError, Unresolvable) as error:
        raise GatewayError("API_CONFIGURATION_ERROR") from error
    if errors:
        # One sentence names all properties that are missing; the library reports each.
        faults = dict.fromkeys(_words(error) for error in _leaves(errors))
        raise GatewayError("BAD_REQUEST_BODY", validation=f"[{', '.join(faults)}]")


_LENGTHS = {"maxItems": ("long", "most"), "minItems": ("short", "least")}


@functools.lru_cache(maxsize=256)
def _validator(schema: str, deployed: frozenset[tuple[str, str]]) -> Draft4Validator:
    """Return the validator of a schema and the models that it may refer to: made once for all requests."""
    models = dict(deployed)

    def retrieve(uri: str) -> Resource[Any]:
        # Models refer to each other by https://apigateway.amazonaws.com/restapis/<api>/models/<name>.
        name = uri.rpartition("/models/")[2]
        if name not in models:
            raise NoSuchResource(uri)
        return Resource.from_contents(json.loads(models[name]), default_specification=DRAFT4)

    return Draft4Validator(json.loads(schema), registry=Registry(retrieve=retrieve))  # type: ignore[call-arg]


def _leaves(errors: Iterable[ValidationError]) -> list[ValidationError]:
    return [leaf for error in errors for leaf in (_leaves(error.context) if error.context else [error])]


def _words(error: ValidationError) -> str:
    """Say a fault as API Gateway's validator does."""
    rule, value = error.validator, error.validator_value
    if rule == "required":
        missing = [name for name in value if name not in error.instance]
        return f"object has missing required properties ({json.dumps(missing, separators=(',', ':'))})"
    if rule == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        extra = [name for name in error.instance if name not in known]
        return (
            "object instance has properties which are not allowed by the schema: "
            f"{json.dumps(extra, separators=(',', ':'))}"
        )
    if rule == "type":
        allowed = json.dumps(value if isinstance(value, list) else [value], separators=(",", ":"))
        return (
            f"instance type ({_type(error.instance)}) does not match any allowed primitive type"
            f" (allowed: {allowed})"
        )
    if rule in _LENGTHS:
        fault, bound = _LENGTHS[rule]
        return (
            f"array is too {fault}: must have at {bound} {value} elements"
            f" but instance has {len(error.instance)} elements"
        )
    return str(error.message)


def _type(value: Any) -> str:
    names = {
        dict: "object",
        list: "array",
        str: "string",
        bool: "boolean",
        type(None): "null",
        int: "integer",
    }
    return names.get(type(value), "number")
