"""API Gateway's control plane where moto 5.2.5 is wrong or has nothing: deployments, updates, tags.

Wrong in moto 5.2.5: a deployment freezes nothing, one with a stage name replaces that stage, an unknown one is
a server error, and one in use can be deleted; binary media types of a new API are forgotten; method settings
cannot be removed; numbers of a patched usage plan become text; only stages have tags. Missing: most updates.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.apigateway.models import (
    APIGatewayBackend,
    Deployment,
    RestAPI,
    Stage,
    apigateway_backends,
)
from moto.apigateway.responses import APIGatewayResponse
from moto.core.exceptions import ServiceException

from localaws.operations import Operation, Request
from localaws.services.apigateway.patches import Fields, apply, boolean, refused, segments
from localaws.services.apigateway.snapshots import deployments, freeze

Answer = Mapping[str, Any]
_lock = threading.RLock()


def _backend(request: Request) -> APIGatewayBackend:
    backend: APIGatewayBackend = apigateway_backends[request.account][request.region]
    return backend


def _api(request: Request) -> RestAPI:
    api: RestAPI = _backend(request).get_rest_api(request.params["restApiId"])
    return api


def _method(request: Request) -> Any:
    resource = _backend(request).get_resource(request.params["restApiId"], request.params["resourceId"])
    return resource.get_method(request.params["httpMethod"])


def _integration(request: Request) -> Any:
    integration = _method(request).method_integration
    if integration is None:
        raise ServiceException("NotFoundException", "Invalid Integration identifier specified")
    return integration


# ---- REST APIs -------------------------------------------------------------------------------------------------------


def keep_binary_media_types(response_class: type[APIGatewayResponse]) -> None:
    """Make CreateRestApi keep the binary media types that it is given."""
    create = response_class.create_rest_api

    @functools.wraps(create)
    def create_rest_api(self: APIGatewayResponse) -> Any:
        status, headers, body = create(self)
        types = self._get_param("binaryMediaTypes")
        answer = json.loads(body)
        if types and "id" in answer:
            self.backend.apis[answer["id"]].binaryMediaTypes = list(types)
            answer["binaryMediaTypes"] = types
        return status, headers, json.dumps(answer)

    response_class.create_rest_api = create_rest_api  # type: ignore[method-assign]


def update_rest_api(request: Request) -> Answer:
    """UpdateRestApi."""
    api = _api(request)
    plain: Fields = {
        "name": ("name", str),
        "description": ("description", str),
        "apiKeySource": ("api_key_source", str),
        "disableExecuteApiEndpoint": ("disableExecuteApiEndpoint", boolean),
        "minimumCompressionSize": ("minimum_compression_size", str),
        "policy": ("policy", str),
    }
    for patch in request.params.get("patchOperations", ()):
        name, *rest = segments(patch["path"])
        if name == "binaryMediaTypes" and rest:
            _patch_list(api.binaryMediaTypes, patch["op"], rest[0], patch.get("value"))
        elif name == "endpointConfiguration" and rest and rest[0] == "types":
            api.endpoint_configuration["types"] = [patch["value"]]
        else:
            apply(api, [patch], plain, {})
    answer = api.to_dict()
    size = answer["minimumCompressionSize"]
    return answer | {
        "createdDate": _time(api.create_date),
        "minimumCompressionSize": None if size in (None, "") else int(size),
    }


def _patch_list(items: list[str], operation: str, item: str, value: str | None) -> None:
    if operation in ("remove", "replace") and item in items:
        items.remove(item)
    if operation == "add":
        items.append(item)
    elif operation == "replace" and value:
        items.append(value)


def delete_rest_api(request: Request) -> None:
    """DeleteRestApi, with its snapshots."""
    api = _api(request)
    with _lock:
        _backend(request).apis.pop(api.id, None)
        snapshots = deployments(request.account, request.region)
        for key in [key for key in snapshots if key[0] == api.id]:
            del snapshots[key]


# ---- deployments and stages ------------------------------------------------------------------------------------------


def create_deployment(request: Request) -> Answer:
    """CreateDeployment: freeze the API, and give the snapshot to a stage when one is named."""
    api = _api(request)
    params = request.params
    _refuse_canary(params)
    methods = [method for resource in api.resources.values() for method in resource.resource_methods.values()]
    if not methods:
        raise ServiceException("BadRequestException", "The REST API doesn't contain any methods")
    if not all(method.method_integration for method in methods):
        raise ServiceException("BadRequestException", "No integration defined for method")
    with _lock:
        snapshot = freeze(api)
        deployment = api.create_deployment("", params.get("description") or "")
        deployments(request.account, request.region)[api.id, deployment.id] = snapshot
        name = params.get("stageName")
        if name and name in api.stages:
            api.stages[name].deployment_id = deployment.id
        elif name:
            api.stages[name] = Stage(
                name=name,
                deployment_id=deployment.id,
                variables=params.get("variables") or {},
                description=params.get("stageDescription") or "",
            )
    return _deployment(deployment)


def get_deployment(request: Request) -> Answer:
    """GetDeployment."""
    return _deployment(_find_deployment(request, request.params["deploymentId"]))


def get_deployments(request: Request) -> Answer:
    """GetDeployments."""
    return {"items": [_deployment(deployment) for deployment in _api(request).deployments.values()]}


def update_deployment(request: Request) -> Answer:
    """UpdateDeployment."""
    deployment = _find_deployment(request, request.params["deploymentId"])
    apply(deployment, request.params.get("patchOperations", ()), {"description": ("description", str)}, {})
    return _deployment(deployment)


def delete_deployment(request: Request) -> None:
    """DeleteDeployment: refused while a stage serves it."""
    api = _api(request)
    deployment = _find_deployment(request, request.params["deploymentId"])
    with _lock:
        if any(stage.deployment_id == deployment.id for stage in api.stages.values()):
            raise ServiceException(
                "BadRequestException",
                "Active stages pointing to this deployment must be moved or deleted",
            )
        del api.deployments[deployment.id]
        deployments(request.account, request.region).pop((api.id, deployment.id), None)


def _find_deployment(request: Request, deployment_id: str) -> Deployment:
    deployment: Deployment | None = _api(request).deployments.get(deployment_id)
    if deployment is None:
        raise ServiceException("NotFoundException", "Invalid Deployment identifier specified")
    return deployment


def _deployment(deployment: Deployment) -> Answer:
    return {
        "id": deployment.id,
        "description": deployment.description,
        "createdDate": _time(deployment.created_date),
    }


def create_stage(request: Request) -> Answer:
    """CreateStage: its deployment must exist."""
    params = request.params
    _refuse_canary(params)
    deployment = _find_deployment(request, params["deploymentId"])
    stage = _api(request).create_stage(
        params["stageName"],
        deployment.id,
        variables=dict(params.get("variables") or {}),
        description=params.get("description") or "",
        cacheClusterEnabled=bool(params.get("cacheClusterEnabled")),
        cacheClusterSize=params.get("cacheClusterSize"),
        tags=dict(params.get("tags") or {}),
        tracing_enabled=params.get("tracingEnabled"),
    )
    return dict(stage.to_json())


def _refuse_canary(params: Mapping[str, Any]) -> None:
    if params.get("canarySettings"):
        raise ServiceException("BadRequestException", "localaws does not support canary releases of a stage.")


def update_stage(request: Request) -> Answer:
    """UpdateStage."""
    stage = _backend(request).get_stage(request.params["restApiId"], request.params["stageName"])
    for patch in request.params.get("patchOperations", ()):
        parts = patch["path"].removeprefix("/").split("/")
        _refuse_canary({parts[0]: patch["op"] != "remove"})
        if parts[0] == "deploymentId":
            _find_deployment(request, patch["value"])
        if patch["op"] == "remove" and "/".join(parts[:2]) in stage.method_settings:
            del stage.method_settings["/".join(parts[:2])]
        else:
            stage.apply_operations([patch])
    return dict(stage.to_json())


# ---- resources, methods, integrations, models ------------------------------------------------------------------------


def update_resource(request: Request) -> Answer:
    """UpdateResource."""
    resource = _backend(request).get_resource(request.params["restApiId"], request.params["resourceId"])
    fields = {"pathPart": ("path_part", str), "parentId": ("parent_id", str)}
    apply(resource, request.params.get("patchOperations", ()), fields, {})
    return dict(resource.to_dict())


def update_method(request: Request) -> Answer:
    """UpdateMethod."""
    method = _method(request)
    fields: Fields = {
        "authorizationType": ("authorization_type", str),
        "authorizerId": ("authorizer_id", str),
        "apiKeyRequired": ("api_key_required", boolean),
        "operationName": ("operation_name", str),
        "requestValidatorId": ("request_validator_id", str),
    }
    maps = {"requestModels": "request_models", "requestParameters": "request_parameters"}
    apply(method, request.params.get("patchOperations", ()), fields, maps)
    method.request_parameters = {
        name: str(required).lower() == "true" for name, required in (method.request_parameters or {}).items()
    }
    return dict(method.to_json())


def update_method_response(request: Request) -> Answer:
    """UpdateMethodResponse."""
    response = _method(request).get_response(request.params["statusCode"])
    if response is None:
        raise ServiceException("NotFoundException", "Invalid Response status code specified")
    maps = {"responseModels": "response_models", "responseParameters": "response_parameters"}
    apply(response, request.params.get("patchOperations", ()), {}, maps)
    response.response_parameters = {
        name: str(required).lower() == "true"
        for name, required in (response.response_parameters or {}).items()
    }
    return dict(response.to_json())


def update_integration(request: Request) -> Answer:
    """UpdateIntegration."""
    integration = _integration(request)
    fields: Fields = {
        "connectionType": ("connection_type", str),
        "contentHandling": ("content_handling", str),
        "credentials": ("credentials", str),
        "httpMethod": ("http_method", str),
        "cacheNamespace": ("cache_namespace", str),
        "passthroughBehavior": ("passthrough_behaviour", str),
        "timeoutInMillis": ("timeout_in_millis", int),
        "uri": ("uri", str),
    }
    maps = {"requestParameters": "request_parameters", "requestTemplates": "request_templates"}
    apply(integration, request.params.get("patchOperations", ()), fields, maps)
    return dict(integration.to_json())


def update_integration_response(request: Request) -> Answer:
    """UpdateIntegrationResponse."""
    response = _integration(request).get_integration_response(request.params["statusCode"])
    fields: Fields = {
        "contentHandling": ("content_handling", str),
        "selectionPattern": ("selection_pattern", str),
    }
    maps = {"responseParameters": "response_parameters", "responseTemplates": "response_templates"}
    apply(response, request.params.get("patchOperations", ()), fields, maps)
    return dict(response.to_json())


def update_model(request: Request) -> Answer:
    """UpdateModel."""
    model = _backend(request).get_model(request.params["restApiId"], request.params["modelName"])
    fields = {"description": ("description", str), "schema": ("schema", str)}
    apply(model, request.params.get("patchOperations", ()), fields, {})
    return dict(model.to_json())


def update_gateway_response(request: Request) -> Answer:
    """UpdateGatewayResponse."""
    response = _api(request).get_gateway_response(request.params["responseType"])
    maps = {"responseParameters": "response_parameters", "responseTemplates": "response_templates"}
    apply(response, request.params.get("patchOperations", ()), {"statusCode": ("status_code", str)}, maps)
    return dict(response.to_json())


# ---- usage plans -----------------------------------------------------------------------------------------------------

_LIMITS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "throttle": {"rateLimit": float, "burstLimit": int},
    "quota": {"limit": int, "offset": int, "period": str},
}


def update_usage_plan(request: Request) -> Answer:
    """UpdateUsagePlan; limits of single methods are refused."""
    plan = _backend(request).get_usage_plan(request.params["usagePlanId"])
    plain: Fields = {
        "name": ("name", str),
        "description": ("description", str),
        "productCode": ("product_code", str),
    }
    for patch in request.params.get("patchOperations", ()):
        name, *rest = segments(patch["path"])
        if name == "apiStages" and not rest:
            _patch_api_stages(plan.api_stages, patch)
        elif name in _LIMITS:
            _patch_limits(getattr(plan, name), _LIMITS[name], rest, patch)
        else:
            apply(plan, [patch], plain, {})
    return dict(plan.to_json())


def _patch_api_stages(stages: list[dict[str, str]], patch: Mapping[str, str]) -> None:
    api, _, stage = patch["value"].partition(":")
    entry = {"apiId": api, "stage": stage}
    if patch["op"] == "add" and entry not in stages:
        stages.append(entry)
    elif patch["op"] == "remove":
        stages[:] = [known for known in stages if (known["apiId"], known["stage"]) != (api, stage)]


def _patch_limits(
    limits: dict[str, Any],
    readers: Mapping[str, Callable[[str], Any]],
    rest: list[str],
    patch: Mapping[str, str],
) -> None:
    if not rest and patch["op"] == "remove":
        limits.clear()
    elif len(rest) == 1 and rest[0] in readers and patch["op"] == "remove":
        limits.pop(rest[0], None)
    elif len(rest) == 1 and rest[0] in readers:
        limits[rest[0]] = readers[rest[0]](patch["value"])
    else:
        raise refused(patch)


# ---- tags ------------------------------------------------------------------------------------------------------------


def _tagged(request: Request) -> Any:
    kind, name, *rest = request.params["resourceArn"].partition("::/")[2].split("/")
    backend = _backend(request)
    if kind == "restapis" and rest[:1] == ["stages"]:
        return backend.get_stage(name, rest[1])
    finders: Mapping[str, Callable[[str], Any]] = {
        "restapis": backend.get_rest_api,
        "apikeys": backend.get_api_key,
        "usageplans": backend.get_usage_plan,
        "vpclinks": backend.get_vpc_link,
        "domainnames": backend.get_domain_name,
    }
    if kind not in finders:
        raise ServiceException("NotFoundException", "Invalid resource ARN specified")
    return finders[kind](name)


def get_tags(request: Request) -> Answer:
    """GetTags."""
    return {"tags": dict(_tagged(request).tags or {})}


def tag_resource(request: Request) -> None:
    """TagResource."""
    tagged = _tagged(request)
    tagged.tags = dict(tagged.tags or {}) | dict(request.params["tags"])


def untag_resource(request: Request) -> None:
    """UntagResource."""
    tagged = _tagged(request)
    gone = set(request.params["tagKeys"])
    tagged.tags = {key: value for key, value in (tagged.tags or {}).items() if key not in gone}


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


OPERATIONS: Mapping[str, Operation] = {
    "CreateDeployment": create_deployment,
    "CreateStage": create_stage,
    "DeleteDeployment": delete_deployment,
    "DeleteRestApi": delete_rest_api,
    "GetDeployment": get_deployment,
    "GetDeployments": get_deployments,
    "GetTags": get_tags,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateDeployment": update_deployment,
    "UpdateGatewayResponse": update_gateway_response,
    "UpdateIntegration": update_integration,
    "UpdateIntegrationResponse": update_integration_response,
    "UpdateMethod": update_method,
    "UpdateMethodResponse": update_method_response,
    "UpdateModel": update_model,
    "UpdateResource": update_resource,
    "UpdateRestApi": update_rest_api,
    "UpdateStage": update_stage,
    "UpdateUsagePlan": update_usage_plan,
}
