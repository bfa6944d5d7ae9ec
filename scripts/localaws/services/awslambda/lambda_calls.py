"""Running functions: at once for an answer, or later with retries and a place for what failed."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException

from localaws.patience import ENDLESS
from localaws.runtime import runtime
from localaws.services.awslambda.lambda_instances import Invocation
from localaws.services.awslambda.lambda_model import LATEST, Function
from localaws.services.awslambda.lambda_pool import Pool

log = logging.getLogger("localaws.lambda")
POOL = Pool()
# AWS waits one and two minutes; nothing here recovers by waiting that long.
RETRY_SECONDS = (1.0, 2.0)


def call(
    function: Function, qualifier: str, payload: bytes, patience: float = ENDLESS, **options: Any
) -> Invocation:
    """Run a function and return the finished invocation; options are those of `Invocation`.

    Raise TimeoutError when it takes more seconds than the caller has patience; it runs on.
    """
    version = function.resolve(qualifier)
    invocation = Invocation(payload, function.arn(qualifier), **options)
    if not POOL.invoke(function, version, invocation, patience):
        raise TimeoutError(f"{function.name} did not answer within {patience:.3g} seconds")
    return invocation


def call_later(function: Function, qualifier: str, payload: bytes) -> None:
    """Run a function in the background: retried on failure, then sent to its destination or dead-letter queue."""
    runtime().spawn(f"function {function.name}", lambda: _run(function, qualifier, payload))


def _run(function: Function, qualifier: str, payload: bytes) -> None:
    config = function.event_invoke.get(qualifier or LATEST, {})
    attempts = 1 + int(config.get("MaximumRetryAttempts", len(RETRY_SECONDS)))
    for attempt in range(1, attempts + 1):
        invocation = _attempt(function, qualifier, payload)
        if not invocation.error:
            break
        log.warning(
            "function %s failed (%d of %d): %s",
            function.arn(qualifier),
            attempt,
            attempts,
            invocation.answer.decode(errors="replace")[:1000],
        )
        if attempt < attempts:
            time.sleep(RETRY_SECONDS[attempt - 1])
    _hand_on(function, qualifier, config, invocation, attempt)


def _attempt(function: Function, qualifier: str, payload: bytes) -> Invocation:
    while True:
        try:
            return call(function, qualifier, payload)
        except ServiceException as error:
            # Throttled events wait in Lambda's queue, and do not count as attempts.
            if error.code != "TooManyRequestsException" or function.deleted:
                raise
            time.sleep(RETRY_SECONDS[0])


def _hand_on(
    function: Function, qualifier: str, config: dict[str, Any], invocation: Invocation, attempts: int
) -> None:
    side = "OnFailure" if invocation.error else "OnSuccess"
    destination = (config.get("DestinationConfig", {}).get(side) or {}).get("Destination")
    if destination:
        _send(function, destination, json.dumps(_record(function, qualifier, invocation, attempts)))
    dead_letter = (function.resolve(qualifier).settings.get("DeadLetterConfig") or {}).get("TargetArn")
    if invocation.error and dead_letter:
        _send(function, dead_letter, invocation.payload.decode())


def _record(function: Function, qualifier: str, invocation: Invocation, attempts: int) -> dict[str, Any]:
    """Return the invocation record that AWS sends to a destination."""
    answer = json.loads(invocation.answer or b"null")
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": function.resolve(qualifier).number}
    if invocation.error:
        context["functionError"] = "Unhandled"
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": invocation.request_id,
            "functionArn": function.arn(qualifier or LATEST),
            "condition": "RetriesExhausted" if invocation.error else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(invocation.payload),
        "responseContext": context,
        "responsePayload": answer,
    }


def _send(function: Function, target: str, message: str) -> None:
    service, region, account = target.split(":")[2:5]
    role = function.latest.settings["Role"]
    if service == "sqs":
        sqs = runtime().client("sqs", region, role)
        url = sqs.get_queue_url(QueueName=target.split(":")[5], QueueOwnerAWSAccountId=account)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=message)
    elif service == "sns":
        runtime().client("sns", region, role).publish(TopicArn=target, Message=message)
    elif service == "lambda":
        runtime().client("lambda", region, role).invoke(
            FunctionName=target, InvocationType="Event", Payload=message.encode()
        )
    elif service == "events":
        entry = {
            "Source": "lambda",
            "DetailType": "Lambda Function Invocation Result",
            "Detail": message,
            "EventBusName": target,
        }
        runtime().client("events", region, role).put_events(Entries=[entry])
    else:
        log.error("function %s: localaws cannot send to %s", function.arn(), target)
