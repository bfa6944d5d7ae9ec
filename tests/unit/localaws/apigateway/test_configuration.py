"""What an API is configured with takes effect: validators, gateway responses, logs, metrics, updates, tags."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

REGION = "eu-west-1"
SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": ["object", "array"],
    "properties": {"name": {"type": "string"}, "size": {"type": ["integer", "null"]}},
    "required": ["name", "size"],
    "additionalProperties": False,
}


@pytest.fixture
def validated(api: Any) -> Any:
    """POST /things with a model for JSON, a required header and a required query parameter."""
    api.gateway.create_model(
        restApiId=api.id, name="Thing", contentType="application/json", schema=json.dumps(SCHEMA)
    )
    validator = api.gateway.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )
    api.method(
        "/things",
        "POST",
        requestValidatorId=validator["id"],
        requestModels={"application/json": "Thing"},
        requestParameters={
            "method.request.header.X-Tenant": True,
            "method.request.querystring.page": True,
            "method.request.header.X-Note": False,
        },
    )
    api.permit()
    return api


def customise(api: Any, kind: str, template: str, status: str | None = None, **headers: str) -> None:
    api.gateway.put_gateway_response(
        restApiId=api.id,
        responseType=kind,
        responseTemplates={"application/json": template},
        responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        **({"statusCode": status} if status else {}),
    )


def test_missing_parameters_are_named(validated: Any) -> None:
    validated.deploy()
    answer = validated.post({"name": "a", "size": 1})
    assert answer.status_code == 400
    assert answer.json() == {"message": "Missing required request parameters: [X-Tenant, page]"}


TYPE_FAULT = (
    '[instance type (string) does not match any allowed primitive type (allowed: ["integer","null"])]'
)
FAULTS: list[tuple[object, str]] = [
    ({}, '[object has missing required properties (["name","size"])]'),
    ({"name": "a", "size": 1, "x": 2}, 'properties which are not allowed by the schema: ["x"]]'),
    ({"name": "a", "size": "b"}, TYPE_FAULT),
    (5, "instance type (integer) does not match"),
]


def test_a_body_that_breaks_its_model_is_refused_with_the_fault(validated: Any) -> None:
    customise(validated, "BAD_REQUEST_BODY", '{"why": "$context.error.validationErrorString"}')
    validated.deploy()
    for content, fault in FAULTS:
        answer = validated.post(content, path="/things?page=1", X_Tenant="t")
        assert answer.status_code == 400
        assert fault in answer.json()["why"]


def test_a_body_that_is_no_json_is_refused(validated: Any) -> None:
    validated.deploy()
    answer = validated.call("POST", "/things?page=1", "{", X_Tenant="t")
    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request body"})


def test_a_body_that_keeps_its_model_and_one_of_a_type_without_a_model_go_on(validated: Any) -> None:
    validated.deploy()
    good = {"name": "a", "size": None}
    assert validated.post(good, path="/things?page=1", X_Tenant="t").status_code == 200
    other = validated.call("POST", "/things?page=1", "a,b", X_Tenant="t", Content_Type="text/csv")
    assert other.status_code == 200


def test_models_refer_to_each_other(validated: Any) -> None:
    reference = f"https://apigateway.amazonaws.com/restapis/{validated.id}/models/Thing"
    things = {"type": "array", "items": {"$ref": reference}}
    patch = {"op": "replace", "path": "/schema", "value": json.dumps(things)}
    validated.gateway.create_model(
        restApiId=validated.id, name="Things", contentType="application/json", schema="{}"
    )
    validated.gateway.update_model(restApiId=validated.id, modelName="Things", patchOperations=[patch])
    where = {"restApiId": validated.id, "resourceId": validated.resource("/things"), "httpMethod": "POST"}
    model = {"op": "replace", "path": "/requestModels/application~1json", "value": "Things"}
    validated.gateway.update_method(**where, patchOperations=[model])
    validated.deploy()
    assert validated.post([{}], path="/things?page=1", X_Tenant="t").status_code == 400
    good = [{"name": "a", "size": 2}]
    assert validated.post(good, path="/things?page=1", X_Tenant="t").status_code == 200


def test_an_error_is_answered_as_the_api_customised_it(things: Any) -> None:
    customise(
        things,
        "MISSING_AUTHENTICATION_TOKEN",
        '{"id": "$context.requestId", "type": "$context.error.responseType", '
        '"message": $context.error.messageString, "stage": "${context.stage}"}',
        status="404",
        **{"x-id": "context.requestId", "x-fixed": "'yes'", "x-back": "method.request.header.X-Sent"},
    )
    things.deploy()
    answer = things.call("GET", "/things", X_Sent="back")
    assert answer.status_code == 404
    assert answer.json() == {
        "id": answer.headers["x-amzn-RequestId"],
        "type": "MISSING_AUTHENTICATION_TOKEN",
        "message": "Missing Authentication Token",
        "stage": "test",
    }
    assert answer.headers["x-id"] == answer.headers["x-amzn-RequestId"]
    assert answer.headers["x-fixed"] == "yes"
    assert answer.headers["x-back"] == "back"


def test_the_default_responses_stand_for_types_that_are_not_customised(things: Any) -> None:
    customise(things, "DEFAULT_4XX", '{"any": 4}')
    customise(things, "DEFAULT_5XX", '{"any": 5}', status="599")
    things.deploy()
    missing = things.call("GET", "/things")
    assert (missing.status_code, missing.json()) == (403, {"any": 4})
    broken = things.post({"raise": "x"})
    assert (broken.status_code, broken.json()) == (599, {"any": 5})


def test_a_function_that_is_not_deployed_yet_is_answered_as_customised(api: Any) -> None:
    api.method("/things", "POST", function_arn=api.function_arn + ":live")
    customise(api, "API_CONFIGURATION_ERROR", '{"code": "not_deployed"}', status="503")
    api.deploy()
    answer = api.post({})
    assert (answer.status_code, answer.json()) == (503, {"code": "not_deployed"})


def test_requests_are_logged_in_the_stages_format(things: Any) -> None:
    group = f"arn:aws:logs:{REGION}:123456789012:log-group:/api/things"
    form = json.dumps(
        {
            "id": "$context.requestId",
            "status": "$context.status",
            "path": "$context.resourcePath",
            "agent": "$context.identity.userAgent",
            "error": "$context.error.responseType",
            "latency": "$context.responseLatency",
            "unknown": "$context.nothing.like.this",
        }
    )
    things.patch_stage(("/accessLogSettings/destinationArn", group), ("/accessLogSettings/format", form))
    good = things.post({}, User_Agent='a "quoted" agent')
    things.call("GET", "/things")
    logs = things.server.client("logs", REGION)
    events = logs.filter_log_events(logGroupName="/api/things")["events"]
    first, second = (json.loads(event["message"]) for event in events)
    assert first["id"] == good.headers["x-amzn-RequestId"]
    assert (first["status"], first["path"], first["error"]) == ("200", "/things", "-")
    assert first["agent"] == 'a "quoted" agent'
    assert int(first["latency"]) >= 0
    assert first["unknown"] == "-"
    assert (second["status"], second["error"]) == ("403", "MISSING_AUTHENTICATION_TOKEN")


def test_requests_are_counted_in_cloudwatch(things: Any) -> None:
    # What other tests asked of APIs called things may still be on its way to CloudWatch.
    name = {"op": "replace", "path": "/name", "value": "counted"}
    things.gateway.update_rest_api(restApiId=things.id, patchOperations=[name])
    for content in ({}, {"raise": "x"}):
        things.post(content)
    things.call("GET", "/things")
    now = datetime.now(UTC)

    def total(name: str) -> float:
        answer = things.server.client("cloudwatch", REGION).get_metric_statistics(
            Namespace="AWS/ApiGateway",
            MetricName=name,
            Dimensions=[{"Name": "ApiName", "Value": "counted"}, {"Name": "Stage", "Value": "test"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in answer["Datapoints"]))

    deadline = time.monotonic() + 20
    while total("Count") < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (total("Count"), total("4XXError"), total("5XXError")) == (3, 1, 1)
    assert total("Latency") > 0


def test_a_deployment_in_use_cannot_be_deleted_and_an_unknown_one_is_not_found(things: Any) -> None:
    gateway = things.gateway
    used = gateway.get_stage(restApiId=things.id, stageName="test")["deploymentId"]
    with pytest.raises(ClientError, match="Active stages"):
        gateway.delete_deployment(restApiId=things.id, deploymentId=used)
    for call in (gateway.get_deployment, gateway.delete_deployment):
        with pytest.raises(gateway.exceptions.NotFoundException):
            call(restApiId=things.id, deploymentId="none")
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.create_stage(restApiId=things.id, stageName="new", deploymentId="none")
    gateway.delete_stage(restApiId=things.id, stageName="test")
    gateway.delete_deployment(restApiId=things.id, deploymentId=used)
    assert gateway.get_deployments(restApiId=things.id)["items"] == []


def test_an_api_without_methods_or_integrations_cannot_be_deployed(api: Any) -> None:
    with pytest.raises(ClientError, match="doesn't contain any methods"):
        api.deploy()
    api.gateway.put_method(restApiId=api.id, resourceId=api.root, httpMethod="GET", authorizationType="NONE")
    with pytest.raises(ClientError, match="No integration defined for method"):
        api.deploy()


def test_methods_integrations_and_responses_are_updated(things: Any) -> None:
    where = {"restApiId": things.id, "resourceId": things.resource("/things"), "httpMethod": "POST"}

    def replace(path: str, value: str) -> list[dict[str, str]]:
        return [{"op": "replace", "path": path, "value": value}]

    method = things.gateway.update_method(**where, patchOperations=replace("/apiKeyRequired", "true"))
    assert method["apiKeyRequired"] is True
    timeout = replace("/timeoutInMillis", "5000")
    assert things.gateway.update_integration(**where, patchOperations=timeout)["timeoutInMillis"] == 5000
    customise(things, "THROTTLED", "{}")
    throttled = {"restApiId": things.id, "responseType": "THROTTLED"}
    changed = things.gateway.update_gateway_response(
        **throttled, patchOperations=replace("/statusCode", "430")
    )
    assert changed["statusCode"] == "430"
    with pytest.raises(ClientError, match="Invalid patch operation replace on /nonsense"):
        things.gateway.update_method(**where, patchOperations=replace("/nonsense", "1"))


def test_everything_that_has_tags_is_tagged_and_untagged(things: Any) -> None:
    gateway = things.gateway
    for resource in (
        f"restapis/{things.id}",
        f"restapis/{things.id}/stages/test",
        f"apikeys/{gateway.create_api_key(name='k')['id']}",
        f"usageplans/{gateway.create_usage_plan(name='p')['id']}",
    ):
        arn = f"arn:aws:apigateway:{REGION}::/{resource}"
        gateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        gateway.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert gateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}


def test_a_deleted_api_answers_no_more(things: Any) -> None:
    things.gateway.delete_rest_api(restApiId=things.id)
    assert things.post({}).status_code == 403
    with pytest.raises(things.gateway.exceptions.NotFoundException):
        things.gateway.delete_rest_api(restApiId=things.id)


def test_what_is_asked_of_a_missing_method_integration_or_response_is_not_found(things: Any) -> None:
    gateway, not_found = things.gateway, things.gateway.exceptions.NotFoundException
    root = next(
        each["id"] for each in gateway.get_resources(restApiId=things.id)["items"] if each["path"] == "/"
    )
    method = {"restApiId": things.id, "resourceId": root, "httpMethod": "PATCH"}
    for call in (gateway.get_integration, gateway.delete_integration, gateway.delete_method):
        with pytest.raises(not_found, match="Invalid Method identifier"):
            call(**method)
    gateway.put_method(**method, authorizationType="NONE")
    for call in (gateway.get_integration, gateway.delete_integration):
        with pytest.raises(not_found, match="Invalid Integration identifier"):
            call(**method)
    with pytest.raises(not_found, match="Invalid Integration identifier"):
        gateway.put_integration_response(**method, statusCode="200")
    gateway.put_integration(**method, type="MOCK")
    for call in (gateway.get_method_response, gateway.get_integration_response):
        with pytest.raises(not_found, match="Invalid Response status code"):
            call(**method, statusCode="200")
    gateway.delete_integration(**method)
    gateway.delete_method(**method)
    with pytest.raises(not_found):
        gateway.delete_method(**method)
