"""The AWS_PROXY integration: an exchange becomes a proxy event, a function runs, its result becomes the answer."""

from __future__ import annotations

import base64
import binascii
import json
import queue
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition

from localaws.idle_threads import IdleThreads
from localaws.runtime import runtime
from localaws.services.apigateway.context_variables import substitute_stage_variables
from localaws.services.apigateway.exchange import Answer, Exchange, text_headers
from localaws.services.apigateway.gateway_responses import GatewayError
from localaws.services.awslambda import allows, invoke_now

MAX_MILLISECONDS = 29_000
_FUNCTION = re.compile(
    r"arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/\d{4}-\d{2}-\d{2}/functions/(?P<arn>.+)/invocations"
)
_ARN = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[\w-]+)"
    r"(?::(?P<qualifier>[\w$-]+))?"
)
_STATUS = {
    "ResourceNotFoundException": 404,
    "RequestTooLargeException": 413,
    "TooManyRequestsException": 429,
}
_RESULT_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
# Set by the gateway or the connection, whatever the function says.
_DROPPED = frozenset({"connection", "content-length", "date", "transfer-encoding"})
_threads = IdleThreads("apigateway integration")
Result = TypeVar("Result")


def call_function(exchange: Exchange) -> Answer:
    """Return what the integration's function answers to the exchange.

    Raises
    ------
    GatewayError
        The function may not be called, cannot be, took too long, or answered in no shape of a proxy result.
    """
    integration = exchange.method.method_integration if exchange.method else None
    if integration is None:
        raise GatewayError("API_CONFIGURATION_ERROR")
    arn = _function_arn(exchange, integration.uri)
    if not integration.credentials:
        _check_permission(exchange, arn)
    payload = json.dumps(proxy_event(exchange)).encode()
    limit = min(int(integration.timeout_in_millis or MAX_MILLISECONDS), MAX_MILLISECONDS)
    began = time.monotonic()
    try:
        result = _invoke(exchange, arn, payload, integration.credentials or "", limit / 1000)
    except TimeoutError:
        raise GatewayError("INTEGRATION_TIMEOUT") from None
    finally:
        exchange.integration_milliseconds = round((time.monotonic() - began) * 1000)
    return _answer(exchange, result)


def _function_arn(exchange: Exchange, uri: str) -> re.Match[str]:
    target = exchange.target
    function = _FUNCTION.fullmatch(substitute_stage_variables(uri, target.stage.variables))
    text = function["arn"] if function else ""
    if not text.startswith("arn:"):
        text = f"arn:{get_partition(target.region)}:lambda:{target.region}:{target.account}:function:{text}"
    match = _ARN.fullmatch(text)
    if match is None:
        raise _misconfigured(exchange, "Invalid function ARN or invalid uri")
    return match


def _check_permission(exchange: Exchange, arn: re.Match[str]) -> None:
    # To API Gateway a function or alias that is not there looks like one that it may not call.
    source = exchange.execution_arn()
    name, qualifier = arn["name"], arn["qualifier"] or ""
    try:
        allowed = allows(arn["account"], arn["region"], name, qualifier, "apigateway.amazonaws.com", source)
    except ServiceException:
        allowed = False
    if not allowed:
        raise _misconfigured(exchange, "Invalid permissions on Lambda function")


def _misconfigured(exchange: Exchange, reason: str) -> GatewayError:
    exchange.integration_error = f"Execution failed due to configuration error: {reason}"
    return GatewayError("API_CONFIGURATION_ERROR")


def _invoke(exchange: Exchange, arn: re.Match[str], payload: bytes, role_arn: str, seconds: float) -> bytes:
    try:
        if role_arn:
            content, failure = _within(seconds, lambda: _as_role(arn, payload, role_arn))
        else:
            content, failure = _as_service(arn, payload, seconds)
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        raise _not_invoked(exchange, error.response["Error"]["Code"], status) from error
    except ServiceException as error:
        raise _not_invoked(exchange, error.code, _STATUS.get(error.code, 500)) from error
    exchange.integration_status = 200
    if failure:
        exchange.integration_error = f"Lambda execution failed: {failure}"
        raise GatewayError("DEFAULT_5XX")
    return content


def _as_role(arn: re.Match[str], payload: bytes, role_arn: str) -> tuple[bytes, str]:
    client = runtime().client("lambda", arn["region"], role_arn, arn["account"])
    answer = client.invoke(FunctionName=arn.string, Payload=payload)
    return answer["Payload"].read(), answer.get("FunctionError", "")


def _as_service(arn: re.Match[str], payload: bytes, seconds: float) -> tuple[bytes, str]:
    """Invoke in the gateway's own name, which the resource policy allows: without a request to ourselves."""
    answer = invoke_now(arn["account"], arn["region"], arn.string, payload, seconds)
    return answer["Payload"], answer.get("FunctionError", "")


def _not_invoked(exchange: Exchange, code: str, status: int) -> GatewayError:
    exchange.integration_status = status
    exchange.integration_error = f"Lambda execution failed with status {exchange.integration_status}: {code}"
    if code == "RequestTooLargeException":
        return GatewayError("REQUEST_TOO_LARGE")
    if code in ("ResourceNotFoundException", "AccessDeniedException"):
        return _misconfigured(exchange, "Invalid permissions on Lambda function")
    return GatewayError("INTEGRATION_FAILURE")


def _within(seconds: float, work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns; what takes longer runs on in the background, and nobody waits."""
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except BaseException as error:  # handed to whoever waits
            done.put(error)

    _threads.run(run)
    try:
        result = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, BaseException):
        raise result
    return result


def proxy_event(exchange: Exchange) -> dict[str, Any]:
    """Return the event of a proxy integration, in API Gateway's format 1.0."""
    target, request = exchange.target, exchange.request
    body, is_base64 = _event_body(exchange)
    query = request.args
    headers = _event_headers(exchange)
    return {
        "resource": exchange.resource.path if exchange.resource else "/",
        "path": target.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: query.getlist(name)[-1] for name in query} or None,
        "multiValueQueryStringParameters": {name: query.getlist(name) for name in query} or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": dict(target.stage.variables) or None,
        "requestContext": _request_context(exchange),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _event_headers(exchange: Exchange) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in exchange.request.headers.items():
        if name.lower() not in ("connection", "content-length", "transfer-encoding", "host"):
            headers.setdefault(name, []).append(value)
    secure = exchange.request.scheme == "https"
    return headers | {
        "Host": [exchange.target.domain],
        "X-Amzn-Trace-Id": [exchange.trace_id],
        "X-Forwarded-For": [exchange.source_ip],
        "X-Forwarded-Port": ["443" if secure else str(exchange.request.environ.get("SERVER_PORT", "80"))],
        "X-Forwarded-Proto": [exchange.request.scheme],
    }


def _event_body(exchange: Exchange) -> tuple[str | None, bool]:
    if not exchange.body:
        return None, False
    if is_binary(exchange, exchange.media_type()):
        return base64.b64encode(exchange.body).decode(), True
    return exchange.body.decode(errors="replace"), False


def _request_context(exchange: Exchange) -> dict[str, Any]:
    target, caller = exchange.target, exchange.caller
    identity: dict[str, Any] = {
        "cognitoIdentityPoolId": None,
        "accountId": caller.account or None,
        "cognitoIdentityId": None,
        "caller": caller.user_id or None,
        "sourceIp": exchange.source_ip,
        "principalOrgId": None,
        "accessKey": caller.access_key or None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": caller.arn or None,
        "userAgent": exchange.header("User-Agent") or None,
        "user": caller.user_id or None,
    }
    if exchange.api_key:
        identity |= {"apiKey": exchange.api_key, "apiKeyId": exchange.api_key_id}
    return {
        "resourceId": exchange.resource.id if exchange.resource else None,
        "resourcePath": exchange.resource.path if exchange.resource else None,
        "httpMethod": exchange.request.method,
        "extendedRequestId": exchange.extended_id,
        "requestTime": exchange.began.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "path": exchange.path,
        "accountId": target.account,
        "protocol": str(exchange.request.environ.get("SERVER_PROTOCOL", "HTTP/1.1")),
        "stage": target.stage.name,
        "domainPrefix": target.api.id,
        "requestTimeEpoch": int(exchange.began.timestamp() * 1000),
        "requestId": exchange.request_id,
        "identity": identity,
        "domainName": target.domain,
        "deploymentId": target.stage.deployment_id,
        "apiId": target.api.id,
    }


def is_binary(exchange: Exchange, media_type: str) -> bool:
    """Tell whether the API treats a media type as binary."""
    main_type = media_type.partition("/")[0]
    return bool({"*/*", f"{main_type}/*", media_type} & set(exchange.target.snapshot.binary_media_types))


def _answer(exchange: Exchange, content: bytes) -> Answer:
    try:
        result = json.loads(content)
        answer = _from_result(exchange, result)
    except (ValueError, TypeError, AttributeError) as error:
        exchange.integration_error = (
            "Execution failed due to configuration error: Malformed Lambda proxy response"
        )
        raise GatewayError("DEFAULT_5XX") from error
    exchange.integration_status = answer.status
    return answer


def _from_result(exchange: Exchange, result: Any) -> Answer:
    if not isinstance(result, dict) or not set(result) <= _RESULT_KEYS:
        raise TypeError("not a proxy result")
    headers = _result_headers(result)
    body = result.get("body") or ""
    if not isinstance(body, str):
        raise TypeError("the body of a proxy result is a string")
    answer = Answer(int(result.get("statusCode", 200)), headers, body.encode())
    if not 100 <= answer.status <= 599:
        raise ValueError("the status of a proxy result is an HTTP status")
    if not answer.has("Content-Type"):
        answer.headers.append(("Content-Type", "application/json"))
    if result.get("isBase64Encoded") and _wants_binary(exchange):
        answer.body = _decoded(body)
    return answer


def _result_headers(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    several: Mapping[str, list[Any]] = result.get("multiValueHeaders") or {}
    headers = [(name, str(value)) for name, values in several.items() for value in values]
    known = {name.lower() for name in several}
    headers += [item for item in text_headers(result.get("headers") or {}) if item[0].lower() not in known]
    return [(name, value) for name, value in headers if name.lower() not in _DROPPED]


def _wants_binary(exchange: Exchange) -> bool:
    # The first media type that the client accepts decides, as on AWS.
    first = exchange.header("Accept").partition(",")[0].partition(";")[0].strip()
    return is_binary(exchange, first or exchange.media_type())


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("the body of a proxy result is not base64") from error
