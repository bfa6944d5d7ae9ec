"""API Gateway REST APIs: resources, methods, models, deployments, stages, and the account's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration

_API = {"restApiId": "p.RestApiId"}


def _patches(**paths: str) -> str:
    """Return an expression of patch operations for the properties that have a value."""
    operations = ", ".join(
        f"{{op: 'replace', path: '{path}', value: p.{name} && to_string(p.{name})}}"
        for name, path in paths.items()
    )
    return f"[{operations}][?value]"


def _no_import(properties: Mapping[str, Any]) -> str:
    if "BodyS3Location" in properties or "CloneFrom" in properties:
        return "localaws does not support BodyS3Location and CloneFrom of AWS::ApiGateway::RestApi"
    return ""


REST_API = Declaration(
    type="AWS::ApiGateway::RestApi",
    service="apigateway",
    check=_no_import,
    create=(
        Call("create_rest_api", {"name": "p.Name || p.Body.info.title"}, spread=True),
        Call(
            "put_rest_api",
            {"restApiId": "made.id", "mode": "'overwrite'", "body": "p.Body"},
            into="imported",
            when="p.Body",
        ),
    ),
    physical_id="made.id",
    update=(
        Call(
            "update_rest_api",
            {
                "restApiId": "id",
                "patchOperations": _patches(
                    Name="/name",
                    Description="/description",
                    Policy="/policy",
                    ApiKeySourceType="/apiKeySource",
                    DisableExecuteApiEndpoint="/disableExecuteApiEndpoint",
                    MinimumCompressionSize="/minimumCompressionSize",
                ),
            },
        ),
        Call(
            "put_rest_api",
            {"restApiId": "id", "mode": "p.Mode || 'overwrite'", "body": "p.Body"},
            when="p.Body",
        ),
    ),
    delete=(Call("delete_rest_api", {"restApiId": "id"}),),
    read=Call("get_resources", {"restApiId": "id"}),
    attributes={"RestApiId": "id", "RootResourceId": "read.items[?path=='/'] | [0].id"},
    # How put_rest_api treats warnings; localaws has none.
    ignored=("FailOnWarnings", "Mode"),
)

RESOURCE = Declaration(
    type="AWS::ApiGateway::Resource",
    service="apigateway",
    create=(Call("create_resource", spread=True),),
    physical_id="made.id",
    delete=(Call("delete_resource", {**_API, "resourceId": "id"}),),
    attributes={"ResourceId": "id"},
)

_METHOD = {**_API, "resourceId": "p.ResourceId", "httpMethod": "p.HttpMethod"}
_PUT_METHOD = (
    Call(
        "put_method",
        {
            **_METHOD,
            "authorizationType": "p.AuthorizationType || 'NONE'",
            "requestModels": "p.RequestModels",
            "requestParameters": "p.RequestParameters",
        },
        spread=True,
    ),
    Call(
        "put_integration",
        {
            **_METHOD,
            "type": "p.Integration.Type",
            "integrationHttpMethod": "p.Integration.IntegrationHttpMethod",
            "uri": "p.Integration.Uri",
            "credentials": "p.Integration.Credentials",
            "requestParameters": "p.Integration.RequestParameters",
            "requestTemplates": "p.Integration.RequestTemplates",
            "passthroughBehavior": "p.Integration.PassthroughBehavior",
            "contentHandling": "p.Integration.ContentHandling",
            "timeoutInMillis": "p.Integration.TimeoutInMillis",
            "cacheNamespace": "p.Integration.CacheNamespace",
            "cacheKeyParameters": "p.Integration.CacheKeyParameters",
            "connectionType": "p.Integration.ConnectionType",
            "connectionId": "p.Integration.ConnectionId",
        },
        when="p.Integration",
    ),
    Call(
        "put_method_response",
        {
            **_METHOD,
            "statusCode": "item.StatusCode",
            "responseModels": "item.ResponseModels",
            "responseParameters": "item.ResponseParameters",
        },
        each="p.MethodResponses",
    ),
    Call(
        "put_integration_response",
        {
            **_METHOD,
            "statusCode": "item.StatusCode",
            "selectionPattern": "item.SelectionPattern",
            "responseTemplates": "item.ResponseTemplates",
            "responseParameters": "item.ResponseParameters",
            "contentHandling": "item.ContentHandling",
        },
        each="p.Integration.IntegrationResponses",
    ),
)

METHOD = Declaration(
    type="AWS::ApiGateway::Method",
    service="apigateway",
    create=_PUT_METHOD,
    physical_id="join('-', [stack, logical, p.HttpMethod])",
    # The API changes a method by patches of every field; put anew it comes out the same.
    update=(Call("delete_method", _METHOD), *_PUT_METHOD),
    delete=(Call("delete_method", _METHOD),),
)

DEPLOYMENT = Declaration(
    type="AWS::ApiGateway::Deployment",
    service="apigateway",
    create=(Call("create_deployment", spread=True),),
    physical_id="made.id",
    update=(
        Call(
            "update_deployment",
            {**_API, "deploymentId": "id", "patchOperations": _patches(Description="/description")},
        ),
    ),
    delete=(
        Call("delete_stage", {**_API, "stageName": "p.StageName"}, when="p.StageName"),
        Call("delete_deployment", {**_API, "deploymentId": "id"}),
    ),
    attributes={"DeploymentId": "id"},
)

_STAGE = {**_API, "stageName": "p.StageName"}
# A method setting's path: its resource with every slash escaped, then the method.
_SETTINGS = {
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}


def _stage(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    patches = []
    for setting in properties.get("MethodSettings", []):
        resource = str(setting.get("ResourcePath", "/*")).lstrip("/").replace("/", "~1") or "~1"
        for name, path in _SETTINGS.items():
            if name in setting:
                place = f"/{resource}/{setting.get('HttpMethod', '*')}/{path}"
                patches.append({"op": "replace", "path": place, "value": setting[name]})
    log = properties.get("AccessLogSetting", {})
    for name, path in (("DestinationArn", "destinationArn"), ("Format", "format")):
        if name in log:
            patches.append({"op": "replace", "path": f"/accessLogSettings/{path}", "value": log[name]})
    return {**properties, "Patches": patches}


_PATCH_STAGE = Call(
    "update_stage", {**_STAGE, "patchOperations": "p.Patches"}, into="patched", when="p.Patches"
)

STAGE = Declaration(
    type="AWS::ApiGateway::Stage",
    service="apigateway",
    prepare=_stage,
    create=(Call("create_stage", spread=True), _PATCH_STAGE),
    physical_id="p.StageName",
    update=(
        Call(
            "update_stage",
            {
                **_STAGE,
                "patchOperations": _patches(
                    DeploymentId="/deploymentId",
                    Description="/description",
                    TracingEnabled="/tracingEnabled",
                ),
            },
        ),
        _PATCH_STAGE,
    ),
    delete=(Call("delete_stage", _STAGE),),
    # Carried by the patches that `_stage` makes of them.
    ignored=("AccessLogSetting", "MethodSettings"),
    aspects=(
        Aspect(
            ("Variables",),
            key="Key",
            put=(
                Call(
                    "update_stage",
                    {
                        **_STAGE,
                        "patchOperations": (
                            "[{op: 'replace', path: join('', ['/variables/', item.Key]), value: item.Value}]"
                        ),
                    },
                ),
            ),
            remove=(
                Call(
                    "update_stage",
                    {
                        **_STAGE,
                        "patchOperations": "[{op: 'remove', path: join('', ['/variables/', item.Key])}]",
                    },
                ),
            ),
            on_create=False,
        ),
    ),
)

MODEL = Declaration(
    type="AWS::ApiGateway::Model",
    service="apigateway",
    name="Name",
    name_limit=128,
    create=(Call("create_model", {"contentType": "p.ContentType || 'application/json'"}, spread=True),),
    physical_id="made.name",
    update=(
        Call(
            "update_model",
            {
                **_API,
                "modelName": "p.Name",
                "patchOperations": _patches(Schema="/schema", Description="/description"),
            },
        ),
    ),
    delete=(Call("delete_model", {**_API, "modelName": "p.Name"}),),
)

REQUEST_VALIDATOR = Declaration(
    type="AWS::ApiGateway::RequestValidator",
    service="apigateway",
    create=(Call("create_request_validator", spread=True),),
    physical_id="made.id",
    update=(
        Call(
            "update_request_validator",
            {
                **_API,
                "requestValidatorId": "id",
                "patchOperations": _patches(
                    ValidateRequestBody="/validateRequestBody",
                    ValidateRequestParameters="/validateRequestParameters",
                ),
            },
        ),
    ),
    delete=(Call("delete_request_validator", {**_API, "requestValidatorId": "id"}),),
    attributes={"RequestValidatorId": "id"},
)

ACCOUNT = Declaration(
    type="AWS::ApiGateway::Account",
    service="apigateway",
    create=(Call("update_account", {"patchOperations": _patches(CloudWatchRoleArn="/cloudwatchRoleArn")}),),
    physical_id="unique",
    update=(Call("update_account", {"patchOperations": _patches(CloudWatchRoleArn="/cloudwatchRoleArn")}),),
    # The account's settings outlive the stack on AWS too.
    delete=(),
)

DECLARATIONS = (
    REST_API,
    RESOURCE,
    METHOD,
    DEPLOYMENT,
    STAGE,
    MODEL,
    REQUEST_VALIDATOR,
    ACCOUNT,
)
