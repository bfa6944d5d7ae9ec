"""Deployed APIs answer: hosts, paths, methods, stages, snapshots, and a function's result as an HTTP answer."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from localaws.services.apigateway import lambda_proxy

REGION = "eu-west-1"


def event_of(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    event: dict[str, Any] = answer.json()
    return event


def test_a_function_gets_the_event_that_api_gateway_sends(things: Any) -> None:
    things.patch_stage(("/variables/colour", "blue"))
    answer = things.call(
        "POST", "/things?a=1&a=2&b=x%20y", b'{"k": "\xc3\xa4"}', Content_Type="application/json", X_One="1"
    )
    event = event_of(answer)
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/things", "/things", "POST")
    assert event["body"] == '{"k": "ä"}'
    assert event["isBase64Encoded"] is False
    assert event["queryStringParameters"] == {"a": "2", "b": "x y"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["x y"]}
    assert event["pathParameters"] is None
    assert event["stageVariables"] == {"colour": "blue"}
    assert event["headers"]["X-One"] == "1"
    assert event["multiValueHeaders"]["X-One"] == ["1"]
    assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
    context = event["requestContext"]
    assert (context["stage"], context["path"]) == ("test", "/test/things")
    assert (context["resourcePath"], context["httpMethod"]) == ("/things", "POST")
    assert (context["apiId"], context["accountId"]) == (things.id, "123456789012")
    assert context["domainName"] == f"{things.id}.execute-api.{REGION}.amazonaws.com"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["requestId"] == answer.headers["x-amzn-RequestId"]


def test_the_functions_status_headers_and_body_reach_the_client(things: Any) -> None:
    result = {
        "statusCode": 201,
        "headers": {"x-one": "1", "x-flag": True},
        "multiValueHeaders": {"x-two": ["a", "b"]},
        "body": "made",
    }
    answer = things.post({"answer": result})
    assert (answer.status_code, answer.text) == (201, "made")
    assert answer.headers["x-one"] == "1"
    assert answer.headers["x-flag"] == "true"
    assert answer.headers["x-two"] == "a, b"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Amzn-Trace-Id"].startswith("Root=1-")


def test_the_host_name_of_aws_leads_to_the_api_through_the_proxy(things: Any) -> None:
    environment = things.server.environment(REGION)
    url = f"https://{things.id}.execute-api.{REGION}.amazonaws.com/test/things"
    proxies = {"https": environment["HTTPS_PROXY"]}
    answer = requests.post(
        url, data=b"{}", proxies=proxies, verify=environment["REQUESTS_CA_BUNDLE"], timeout=10
    )
    event = event_of(answer)
    assert event["headers"]["X-Forwarded-Proto"] == "https"
    assert event["headers"]["X-Forwarded-Port"] == "443"


def test_a_literal_path_goes_before_a_parameter_and_that_before_a_greedy_one(api: Any) -> None:
    for path in ("/{proxy+}", "/things/{id}", "/things/special", "/things/{id}/parts/{part}"):
        api.method(path, "ANY")
    api.permit()
    api.deploy()
    for path, resource, parameters in (
        ("/things/special", "/things/special", None),
        ("/things/a%20b", "/things/{id}", {"id": "a b"}),
        ("/things/7/parts/9", "/things/{id}/parts/{part}", {"id": "7", "part": "9"}),
        ("/other/way", "/{proxy+}", {"proxy": "other/way"}),
    ):
        event = event_of(api.call("GET", path))
        assert (event["resource"], event["pathParameters"]) == (resource, parameters)
        assert event["httpMethod"] == "GET"


def test_a_path_or_method_that_the_api_has_not_is_a_missing_token(things: Any) -> None:
    for verb, path in (("GET", "/things"), ("POST", "/nothing"), ("POST", "/things/7")):
        answer = things.call(verb, path)
        assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"})
        assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_an_unknown_stage_and_an_unknown_api_are_forbidden(things: Any) -> None:
    assert things.call("POST", "/things", stage="prod").json() == {"message": "Forbidden"}
    url = f"{things.server.endpoint}/_aws/execute-api/none/test/things"
    assert requests.post(url, timeout=30).status_code == 403


def test_a_change_is_served_only_when_it_is_deployed(things: Any) -> None:
    things.method("/things", "PUT")
    assert things.call("PUT", "/things").status_code == 403
    things.deploy()
    assert things.call("PUT", "/things").status_code == 200


def test_a_stage_goes_back_to_an_older_deployment(things: Any) -> None:
    old = things.gateway.get_stage(restApiId=things.id, stageName="test")["deploymentId"]
    things.method("/things", "PUT")
    new = things.deploy()
    assert things.call("PUT", "/things").status_code == 200
    things.patch_stage(("/deploymentId", old))
    assert things.call("PUT", "/things").status_code == 403
    things.gateway.delete_deployment(restApiId=things.id, deploymentId=new)


def test_a_deployment_keeps_the_stages_settings(things: Any) -> None:
    things.patch_stage(("/variables/colour", "blue"), ("/*/*/throttling/rateLimit", "7"))
    things.deploy()
    stage = things.gateway.get_stage(restApiId=things.id, stageName="test")
    assert stage["variables"] == {"colour": "blue"}
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 7


def test_the_stage_names_the_function_by_a_variable(api: Any) -> None:
    version = api.functions.publish_version(FunctionName=api.function_arn)["Version"]
    api.functions.create_alias(FunctionName="echo", Name="live", FunctionVersion=version)
    arn = api.function_arn.rpartition(":")[0] + ":${stageVariables.function}:live"
    api.method("/things", "POST", function_arn=arn)
    api.deploy()
    api.patch_stage(("/variables/function", "echo"))
    assert api.post({}).status_code == 500
    api.permit(qualifier="live")
    assert event_of(api.post({}))["stageVariables"] == {"function": "echo"}


def test_without_permission_for_this_very_method_the_api_is_misconfigured(api: Any) -> None:
    api.method("/things", "POST")
    for source in ("prod/POST/things", "test/GET/things", "test/POST/others"):
        api.permit(source)
    api.deploy()
    answer = api.post({})
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error"})
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    api.permit("test/POST/things")
    assert api.post({}).status_code == 200


def test_a_function_that_is_not_there_looks_like_one_that_may_not_be_called(api: Any) -> None:
    api.method("/things", "POST", function_arn=api.function_arn + "-gone")
    api.deploy()
    api.patch_stage(("/*/*/logging/loglevel", "ERROR"))
    assert api.post({}).status_code == 500
    logs = api.server.client("logs", REGION)
    group = f"API-Gateway-Execution-Logs_{api.id}/test"
    (event,) = logs.filter_log_events(logGroupName=group)["events"]
    assert event["message"].endswith("Invalid permissions on Lambda function")


MALFORMED = [
    "text",
    [1],
    {"statusCode": "many"},
    {"statusCode": 200, "body": {"not": "text"}},
    {"statusCode": 99, "body": ""},
    {"status": 200},
    {"headers": ["x"]},
]


def test_a_result_in_no_shape_of_a_proxy_answer_is_a_bad_gateway(things: Any) -> None:
    for result in MALFORMED:
        answer = things.post({"answer": result})
        assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"}), result


def test_a_function_that_raises_is_a_bad_gateway(things: Any) -> None:
    assert things.post({"raise": "oops"}).status_code == 502


def test_a_function_that_takes_too_long_is_a_timeout(things: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    things.post({})
    monkeypatch.setattr(lambda_proxy, "MAX_MILLISECONDS", 300)
    answer = things.post({"sleep": 2})
    assert (answer.status_code, answer.json()) == (504, {"message": "Endpoint request timed out"})


def test_a_body_of_more_than_ten_megabytes_is_too_large_and_the_connection_goes_on(things: Any) -> None:
    with requests.Session() as session:
        answer = session.post(things.url("/things"), data=b"x" * (10 * 1024 * 1024 + 1), timeout=30)
        assert (answer.status_code, answer.json()) == (413, {"message": "Request Too Long"})
        assert session.post(things.url("/things"), data=b"{}", timeout=30).status_code == 200


def test_a_body_that_a_function_cannot_take_is_too_large(things: Any) -> None:
    assert things.call("POST", "/things", b"x" * (7 * 1024 * 1024)).status_code == 413


def test_binary_media_types_travel_as_base64(api: Any) -> None:
    api.gateway.update_rest_api(
        restApiId=api.id, patchOperations=[{"op": "add", "path": "/binaryMediaTypes/image~1png"}]
    )
    api.method("/things", "POST")
    api.permit()
    api.deploy()
    event = event_of(api.call("POST", "/things", b"\x89PNG", Content_Type="image/png"))
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\x89PNG")
    picture = {"body": base64.b64encode(b"\x00\xff").decode(), "isBase64Encoded": True}
    assert api.post({"answer": picture}, Accept="image/png").content == b"\x00\xff"
    assert api.post({"answer": picture}).text == picture["body"]


def test_a_new_api_keeps_its_binary_media_types(api: Any) -> None:
    made = api.gateway.create_rest_api(name="pictures", binaryMediaTypes=["image/png"])
    assert made["binaryMediaTypes"] == ["image/png"]
    assert api.gateway.get_rest_api(restApiId=made["id"])["binaryMediaTypes"] == ["image/png"]


def test_bodies_are_compressed_both_ways_when_the_api_says_so(api: Any) -> None:
    patch = {"op": "replace", "path": "/minimumCompressionSize", "value": "100"}
    answer = api.gateway.update_rest_api(restApiId=api.id, patchOperations=[patch])
    assert answer["minimumCompressionSize"] == 100
    api.method("/things", "POST")
    api.permit()
    api.deploy()
    sent = gzip.compress(json.dumps({"answer": {"body": "x" * 200}}).encode())
    answer = api.call(
        "POST",
        "/things",
        sent,
        Content_Type="application/json",
        Content_Encoding="gzip",
        Accept_Encoding="gzip",
    )
    assert (answer.text, answer.headers["Content-Encoding"]) == ("x" * 200, "gzip")
    assert "Content-Encoding" not in api.post({"answer": {"body": "short"}}).headers
    spoiled = api.call("POST", "/things", b"no gzip", Content_Encoding="gzip")
    assert spoiled.status_code == 400


def test_a_mock_answers_a_preflight_from_the_configuration(api: Any) -> None:
    api.method("/things", "POST")
    where = {"restApiId": api.id, "resourceId": api.resource("/things"), "httpMethod": "OPTIONS"}
    origin = "method.response.header.Access-Control-Allow-Origin"
    api.gateway.put_method(**where, authorizationType="NONE")
    api.gateway.put_method_response(**where, statusCode="200", responseParameters={origin: True})
    api.gateway.put_integration(
        **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    api.gateway.put_integration_response(
        **where,
        statusCode="200",
        responseParameters={origin: "'*'"},
        responseTemplates={"application/json": '{"stage": "$context.stage"}'},
    )
    api.deploy()
    answer = api.call("OPTIONS", "/things")
    assert (answer.status_code, answer.json()) == (200, {"stage": "test"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def mock(api: Any, template: str, **settings: Any) -> None:
    where = {"restApiId": api.id, "resourceId": api.resource("/mock"), "httpMethod": "POST"}
    api.gateway.put_method(**where, authorizationType="NONE")
    templates = {"application/json": template}
    api.gateway.put_integration(**where, type="MOCK", requestTemplates=templates, **settings)
    api.gateway.put_integration_response(**where, statusCode="200", responseTemplates={"text/plain": "fine"})
    api.gateway.put_integration_response(
        **where, statusCode="503", selectionPattern="5\\d\\d", responseTemplates={"text/plain": "sorry"}
    )
    api.deploy()


@pytest.mark.parametrize(
    ("behaviour", "status"), [("NEVER", 415), ("WHEN_NO_TEMPLATES", 415), ("WHEN_NO_MATCH", 200)]
)
def test_a_body_without_a_template_is_passed_through_or_of_an_unsupported_type(
    api: Any, behaviour: str, status: int
) -> None:
    mock(api, '{"statusCode": 200}', passthroughBehavior=behaviour)
    assert api.call("POST", "/mock", '{"statusCode": 200}', Content_Type="text/x").status_code == status
    assert api.call("POST", "/mock", "{}", Content_Type="application/json").text == "fine"


def test_a_mocks_status_selects_its_response(api: Any) -> None:
    mock(api, '{"statusCode": 502}')
    answer = api.post({}, path="/mock")
    assert (answer.status_code, answer.text) == (503, "sorry")
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("template", "message"),
    [("#set($a = 1) {}", "localaws does not run Velocity templates"), ("no json", "Internal server error")],
)
def test_a_mocks_template_that_cannot_be_used_is_an_error(api: Any, template: str, message: str) -> None:
    mock(api, template)
    answer = api.post({}, path="/mock")
    assert (answer.status_code, answer.json()) == (500, {"message": message})


def test_a_canary_release_is_refused_by_name(things: Any) -> None:
    with pytest.raises(ClientError, match="does not support canary releases"):
        things.patch_stage(("/canarySettings/percentTraffic", "10"))
    with pytest.raises(ClientError, match="does not support canary releases"):
        things.gateway.create_deployment(
            restApiId=things.id, stageName="test", canarySettings={"percentTraffic": 10}
        )


@pytest.mark.parametrize(
    ("authorization", "kind", "named"),
    [
        ("CUSTOM", "MOCK", "authorization type CUSTOM"),
        ("COGNITO_USER_POOLS", "MOCK", "authorization type COGNITO_USER_POOLS"),
        ("NONE", "HTTP_PROXY", "integration type HTTP_PROXY"),
        ("NONE", "AWS", "integration type AWS"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name_when_it_is_deployed(
    api: Any, authorization: str, kind: str, named: str
) -> None:
    where = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    api.gateway.put_method(**where, authorizationType=authorization)
    uri = (
        "https://example.com"
        if kind.startswith("HTTP")
        else f"arn:aws:apigateway:{REGION}:sqs:path/123456789012/queue"
    )
    api.gateway.put_integration(**where, type=kind, integrationHttpMethod="GET", uri=uri)
    with pytest.raises(ClientError, match=f"does not support the {named} \\(GET /\\)"):
        api.deploy()


def test_an_operation_that_nobody_does_is_refused_by_name(api: Any) -> None:
    with pytest.raises(ClientError, match="does not support the operation GetSdkTypes"):
        api.gateway.get_sdk_types()
