"""InvokeEndpointAsync: a request waits in the endpoint's queue; its answer goes to S3 and a notice to a topic."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from moto.core.common_types import TYPE_RESPONSE
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from localaws.runtime import runtime
from localaws.services.sagemaker.endpoints import Variant, serving
from localaws.services.sagemaker.hosted_models import find_config
from localaws.services.sagemaker.invocations import (
    Invocation,
    InvocationError,
    model_error,
    not_found,
    timed_out,
)
from localaws.services.sagemaker.notices import iso
from localaws.services.sagemaker.resources import Region, now
from localaws.services.sagemaker.storage import Bucket, StorageError

log = logging.getLogger("localaws")

DEFAULT_CONCURRENCY = 4
"""SageMaker finds a number itself where none is given."""
DEFAULT_TIMEOUT_SECONDS = 900.0
DEFAULT_TTL_SECONDS = 6 * 3600
MAX_INLINE_BODY = 128_000
UNSUPPORTED = ("S3OutputPathExtension", "Filename")


class _Failed(Exception):
    """A request without an answer; the message is what its failure object and notice say."""


@dataclass(frozen=True)
class _Item:
    """A request in a queue, and where what comes of it goes."""

    call: Invocation
    config: dict[str, Any]
    inference_id: str
    received: datetime
    output: str
    failure: str

    @property
    def content_type(self) -> str:
        return self.call.header("Content-Type") or "application/octet-stream"


class _Queue:
    """The requests of one endpoint, worked on in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: deque[_Item] = deque()
        self._workers = 0

    def add(self, item: _Item, concurrency: int) -> None:
        """Take a request; up to ``concurrency`` are worked on at a time."""
        with self._lock:
            self._items.append(item)
            if self._workers >= concurrency:
                return
            self._workers += 1
        runtime().spawn(f"asynchronous requests of {item.call.endpoint}", self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._items:
                    self._workers -= 1
                    return
                item = self._items.popleft()
            try:
                _serve(item)
            except Exception:
                log.exception("asynchronous request to %s", item.call.endpoint)


_QUEUES: dict[str, _Queue] = {}


def invoke_endpoint_async(self: SageMakerRuntimeResponse) -> TYPE_RESPONSE:
    """Answer InvokeEndpointAsync: where the answer will be."""
    call = Invocation(
        Region(self.current_account, self.region),
        self.parsed_url.path.split("/")[2],
        self.raw_body if isinstance(self.raw_body, bytes) else self.raw_body.encode(),
        self.headers,
    )
    endpoint = serving(call.region, call.endpoint)
    if endpoint is None:
        raise not_found(call)
    config = find_config(call.region, endpoint.detail["EndpointConfigName"]).detail.get(
        "AsyncInferenceConfig"
    )
    if config is None:
        raise InvocationError(
            "ValidationError", f"Endpoint {call.endpoint} is not asynchronous: use InvokeEndpoint."
        )
    _refuse_unsupported(call)
    item = _item(call, config)
    client = config.get("ClientConfig", {})
    per_instance = client.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY)
    _QUEUES.setdefault(endpoint.arn, _Queue()).add(item, per_instance)
    headers = {"Content-Type": "application/json", "X-Amzn-SageMaker-OutputLocation": item.output}
    if item.failure:
        headers["X-Amzn-SageMaker-FailureLocation"] = item.failure
    return 202, {"status": 202, **headers}, json.dumps({"InferenceId": item.inference_id})


def install() -> None:
    """Take the place of moto's canned answers (5.2.5)."""
    SageMakerRuntimeResponse.invoke_endpoint_async = invoke_endpoint_async  # type: ignore[method-assign]


def _refuse_unsupported(call: Invocation) -> None:
    for name in UNSUPPORTED:
        if call.header(name):
            raise InvocationError("ValidationError", f"localaws does not support {name}.")
    if bool(call.body) == bool(call.header("InputLocation")):
        raise InvocationError("ValidationError", "Specify either InputLocation or Body.")
    if len(call.body) > MAX_INLINE_BODY:
        raise InvocationError("ValidationError", f"Body must have at most {MAX_INLINE_BODY} bytes.")


def _item(call: Invocation, config: dict[str, Any]) -> _Item:
    name, output = str(uuid.uuid4()), config["OutputConfig"]
    failures = output.get("S3FailurePath", "")
    return _Item(
        call,
        config,
        inference_id=call.header("Inference-Id") or str(uuid.uuid4()),
        received=now(),
        output=f"{output['S3OutputPath'].rstrip('/')}/{name}.out",
        failure=f"{failures.rstrip('/')}/{name}-error.out" if failures else "",
    )


def _serve(item: _Item) -> None:
    endpoint = serving(item.call.region, item.call.endpoint)
    variant = endpoint.chosen() if endpoint is not None else None
    if variant is None:
        log.warning("a request to %s ends with the endpoint", item.call.endpoint)
        return
    region, key = item.call.region.name, item.config["OutputConfig"].get("KmsKeyId", "")
    bucket = Bucket(runtime().client("s3", region, variant.host.role))
    reason, content_type = "", ""
    try:
        answer = _answer(item, variant, bucket)
        content_type = answer.headers.get("Content-Type", "application/octet-stream")
        bucket.write(item.output, answer.data, key)
    except (_Failed, StorageError) as error:
        reason = str(error)
        if item.failure:
            _write_failure(bucket, item, reason, key)
    _notify(item, variant.host.role, reason, content_type)


def _answer(item: _Item, variant: Variant, bucket: Bucket) -> urllib3.BaseHTTPResponse:
    call = item.call
    ttl = int(call.header("RequestTTLSeconds") or DEFAULT_TTL_SECONDS)
    if now() > item.received + timedelta(seconds=ttl):
        raise _Failed(f"The request was not processed within {ttl} seconds.")
    body = call.body or bucket.read(call.header("InputLocation"))
    headers = {"Content-Type": item.content_type, "Accept": call.header("Accept") or "*/*"}
    if call.header("Custom-Attributes"):
        headers["X-Amzn-SageMaker-Custom-Attributes"] = call.header("Custom-Attributes")
    timeout = float(call.header("InvocationTimeoutSeconds") or DEFAULT_TIMEOUT_SECONDS)
    started, status = now(), 503
    try:
        answer = variant.host.post(body, headers, timeout)
        status = answer.status
    except urllib3.exceptions.ReadTimeoutError as error:
        status = 500
        raise _Failed(str(timed_out(call))) from error
    except (ConnectionError, urllib3.exceptions.HTTPError) as error:
        raise _Failed(f"The endpoint {call.endpoint} is not able to answer.") from error
    finally:
        seconds = (now() - started).total_seconds()
        variant.measures.count(status, seconds, variant.summary["CurrentInstanceCount"])
    if status >= 400:
        raise _Failed(str(model_error(call, status, answer.data.decode("utf-8", errors="replace"))))
    return answer


def _write_failure(bucket: Bucket, item: _Item, reason: str, key: str) -> None:
    try:
        bucket.write(item.failure, reason.encode(), key)
    except StorageError as error:
        log.error("asynchronous request to %s: %s", item.call.endpoint, error)


def _notify(item: _Item, role: str, reason: str, content_type: str) -> None:
    topics = item.config["OutputConfig"].get("NotificationConfig", {})
    topic = topics.get("ErrorTopic" if reason else "SuccessTopic")
    if not topic:
        return
    message = json.dumps(_notice(item, reason, content_type))
    try:
        runtime().client("sns", topic.split(":")[3], role).publish(TopicArn=topic, Message=message)
    except (ClientError, BotoCoreError) as error:
        log.error("notice of an asynchronous request to %s: %s", item.call.endpoint, error)


def _notice(item: _Item, reason: str, content_type: str) -> dict[str, Any]:
    request = {"contentType": item.content_type, "endpointName": item.call.endpoint}
    if item.call.header("InputLocation"):
        request["inputLocation"] = item.call.header("InputLocation")
    came_of_it: dict[str, Any] = {
        "responseParameters": {"contentType": content_type, "outputLocation": item.output}
    }
    if reason:
        came_of_it = {"failureReason": reason}
        if item.failure:
            came_of_it["responseParameters"] = {"failureLocation": item.failure}
    return {
        "awsRegion": item.call.region.name,
        "eventTime": iso(now()),
        "receivedTime": iso(item.received),
        "invocationStatus": "Failed" if reason else "Completed",
        "requestParameters": request,
        **came_of_it,
        "inferenceId": item.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
