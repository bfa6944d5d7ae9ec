"""InvokeEndpoint: a request goes to a variant's container over a kept connection, its answer or error comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3
from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse
from werkzeug import Response

from localaws import routes
from localaws.services.sagemaker.capture import Exchange, Payload
from localaws.services.sagemaker.endpoints import Variant, serving
from localaws.services.sagemaker.resources import Region
from localaws.services.sagemaker.target_models import TargetModelError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEADER = "X-Amzn-SageMaker-"
MAX_BODY = 6 * 1024 * 1024
MAX_SERVERLESS_BODY = 4 * 1024 * 1024
TIMEOUT_SECONDS = 60.0
PASSED_ON = ("Custom-Attributes", "Target-Model", "Session-Id")


class InvocationError(ServiceException):
    """An error of the runtime API; moto reads the service off the module of a class of its own."""


class ModelError(InvocationError):
    """The container answered with an error, or not at all."""

    code = "ModelError"

    def __init__(self, message: str, status: int, original: str, log_stream: str) -> None:
        super().__init__(message)
        self.OriginalStatusCode = status
        self.OriginalMessage = original
        self.LogStreamArn = log_stream


@dataclass(frozen=True)
class Invocation:
    """One call of InvokeEndpoint."""

    region: Region
    endpoint: str
    body: bytes
    headers: Any

    def header(self, name: str) -> str:
        """Return one of SageMaker's own headers."""
        return str(self.headers.get(f"{HEADER}{name}") or "")

    @property
    def content_type(self) -> str:
        """The body's media type; without one SageMaker takes it for octets."""
        return str(self.headers.get("Content-Type") or "application/octet-stream")


def invoke_endpoint(self: SageMakerRuntimeResponse) -> TYPE_RESPONSE:
    """Answer InvokeEndpoint."""
    return invoke(
        Invocation(
            Region(self.current_account, self.region),
            self.parsed_url.path.split("/")[2],
            self.raw_body if isinstance(self.raw_body, bytes) else self.raw_body.encode(),
            self.headers,
        )
    )


def refuse_stream(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Refuse InvokeEndpointWithResponseStream by name; moto 5.2.5 has no such path."""
    body = json.dumps({"Message": _refusal("InvokeEndpointWithResponseStream")})
    headers = {"x-amzn-ErrorType": "ValidationError"}
    return Response(body, 400, headers, content_type="application/json")(environ, start_response)


def install() -> None:
    """Take the place of moto's canned answers (5.2.5), which also lose bytes that are not UTF-8."""
    SageMakerRuntimeResponse.use_raw_body = True
    SageMakerRuntimeResponse.invoke_endpoint = invoke_endpoint  # type: ignore[method-assign]
    routes.add(refuse_stream, path=r"/endpoints/[^/]+/invocations-response-stream$")


def _refusal(operation: str) -> str:
    return f"localaws does not support {operation}: use InvokeEndpoint."


def invoke(call: Invocation) -> TYPE_RESPONSE:
    """Have a container answer; raise InvocationError when none does, or with an error."""
    variant = _variant(call)
    limit = MAX_SERVERLESS_BODY if "ServerlessConfig" in variant.config else MAX_BODY
    if len(call.body) > limit:
        body = f'{{"message": "HTTP content length exceeded {limit} bytes."}}'
        return 413, {"status": 413, "Content-Type": "application/json"}, body
    started = time.monotonic()
    try:
        answer = variant.host.post(call.body, _request_headers(call), TIMEOUT_SECONDS)
    except urllib3.exceptions.ReadTimeoutError as error:
        variant.measures.count(500, time.monotonic() - started, _instances(variant))
        raise timed_out(call) from error
    except TargetModelError as error:
        raise InvocationError("ValidationError", str(error)) from error
    except (ConnectionError, urllib3.exceptions.HTTPError) as error:
        variant.measures.count(503, time.monotonic() - started, _instances(variant))
        raise InvocationError(
            "ServiceUnavailable", f"The endpoint {call.endpoint} is not able to answer now: try again."
        ) from error
    variant.measures.count(answer.status, time.monotonic() - started, _instances(variant))
    if answer.status >= 400:
        raise model_error(call, answer.status, answer.data.decode("utf-8", errors="replace"))
    return _answered(call, variant, answer)


def _answered(call: Invocation, variant: Variant, answer: urllib3.BaseHTTPResponse) -> TYPE_RESPONSE:
    content_type = answer.headers.get("Content-Type", "application/octet-stream")
    if variant.capture is not None:
        variant.capture.see(
            Exchange(
                Payload(call.body, call.content_type),
                Payload(answer.data, content_type),
                call.header("Inference-Id"),
                call.header("Custom-Attributes"),
            )
        )
    headers = {"Content-Type": content_type, "x-Amzn-Invoked-Production-Variant": variant.host.name}
    for name in ("Custom-Attributes", "New-Session-Id", "Closed-Session-Id"):
        if f"{HEADER}{name}" in answer.headers:
            headers[f"{HEADER}{name}"] = answer.headers[f"{HEADER}{name}"]
    return 200, headers, answer.data


def _variant(call: Invocation) -> Variant:
    endpoint = serving(call.region, call.endpoint)
    if endpoint is None:
        raise not_found(call)
    if "AsyncInferenceConfig" in endpoint.detail:
        raise InvocationError(
            "ValidationError", f"Endpoint {call.endpoint} is asynchronous: use InvokeEndpointAsync."
        )
    target = call.header("Target-Variant")
    variant = endpoint.chosen(target)
    if variant is None:
        raise InvocationError(
            "ValidationError", f"Variant {target or 'with traffic'} of endpoint {call.endpoint} not found."
        )
    return variant


def _request_headers(call: Invocation) -> dict[str, str]:
    headers = {"Content-Type": call.content_type, "Accept": str(call.headers.get("Accept") or "*/*")}
    headers |= {f"{HEADER}{name}": call.header(name) for name in PASSED_ON if call.header(name)}
    return headers


def _instances(variant: Variant) -> int:
    return int(variant.summary["CurrentInstanceCount"])


def not_found(call: Invocation) -> InvocationError:
    """Return the error of an endpoint that does not serve."""
    return InvocationError(
        "ValidationError", f"Endpoint {call.endpoint} of account {call.region.account} not found."
    )


def model_error(call: Invocation, status: int, text: str) -> ModelError:
    """Return the error of a container that answers with one."""
    side = "client" if status < 500 else "server"
    region, account = call.region.name, call.region.account
    group = f"/aws/sagemaker/Endpoints/{call.endpoint}"
    message = (
        f'Received {side} error ({status}) from primary with message "{text}". See '
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group} "
        f"in account {account} for more information."
    )
    return ModelError(message, status, text, f"arn:aws:logs:{region}:{account}:log-group:{group}")


def timed_out(call: Invocation) -> ModelError:
    """Return the error of a container that answers too late."""
    return model_error(
        call,
        500,
        "Your invocation timed out while waiting for a response from container primary. Review the latency "
        "metrics for each container in Amazon CloudWatch, resolve the issue, and try again.",
    )
