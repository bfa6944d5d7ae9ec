"""Lambda that executes: functions from archives and images, versions, aliases and policies, in place of moto's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.awslambda import urls
from moto.awslambda.models import LambdaBackend, LambdaStorage
from moto.awslambda.responses import LambdaResponse
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.sns.models import Subscription

from localaws.operations import Request, graft, refuse_others
from localaws.services.awslambda.lambda_api import OPERATIONS, find, functions, invoke
from localaws.services.awslambda.lambda_calls import call_later
from localaws.services.awslambda.lambda_model import Function


def allows(account: str, region: str, function: str, qualifier: str, service: str, source_arn: str) -> bool:
    """Tell whether a function's resource policy lets an AWS service invoke it for a resource.

    Parameters
    ----------
    account, region
        The function's.
    function
        Name or ARN; a qualifier in it counts.
    qualifier
        Version or alias, or empty: each has a policy of its own.
    service
        Service principal, such as ``apigateway.amazonaws.com``.
    source_arn
        The resource that invokes.
    """
    found, qualifier = find(account, region, function, qualifier)
    policy = found.policies.get(qualifier)
    return policy is not None and policy.allows(service, source_arn, account)


def invoke_now(
    account: str, region: str, function: str, payload: bytes, patience: float
) -> Mapping[str, Any]:
    """Run a function for another service and return Invoke's answer.

    Raises what Invoke would answer instead, and TimeoutError after so many seconds, whereupon the function runs on.
    """
    return invoke(Request(account, region, "", {"FunctionName": function, "Payload": payload}), patience)


@dataclass(frozen=True)
class _Invocable:
    """A function as moto's other services (SNS, S3 notifications, log subscriptions) know it."""

    function: Function
    qualifier: str

    def invoke(self, body: str, *_: Any) -> str:
        call_later(self.function, self.qualifier, body.encode())
        return ""


def _find_for_moto(storage: LambdaStorage, identifier: str, qualifier: str | None = None) -> _Invocable:
    return _Invocable(*find(storage.account_id, storage.region_name, identifier, qualifier or ""))


def _tagged(backend: LambdaBackend) -> Iterator[TaggedResource]:
    for function in functions(backend.account_id, backend.region_name).by_name.values():
        yield TaggedResource(arn=function.arn(), tags=function.tags, resource_type="lambda:function")


def _tag(backend: LambdaBackend, arn: str, tags: dict[str, str]) -> None:
    find(backend.account_id, backend.region_name, arn)[0].tags.update(tags)


def _untag(backend: LambdaBackend, arn: str, tag_keys: list[str]) -> None:
    tags = find(backend.account_id, backend.region_name, arn)[0].tags
    for key in tag_keys:
        tags.pop(key, None)


_publish = Subscription.publish


def _publish_to_function(
    subscription: Subscription,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    **others: Any,
) -> None:
    """Deliver a topic's message to a function.

    moto 5.2.5 sends functions an event whose ``TopicArn``, ``MessageId`` and ``Timestamp`` are constants.
    """
    if subscription.protocol != "lambda":
        _publish(subscription, message, message_id, subject, message_attributes, **others)
        return
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(message_attributes, message):
        return
    if others.get("message_structure") == "json":
        document = json.loads(message)
        message = document.get("lambda", document["default"])
    record = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "EventSource": "aws:sns",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic_arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "MessageAttributes": {
                name: {"Type": value["Type"], "Value": value["Value"]}
                for name, value in (message_attributes or {}).items()
            },
        },
    }
    account, region = subscription.account_id, subscription.endpoint.split(":")[3]
    call_later(*find(account, region, subscription.endpoint), json.dumps({"Records": [record]}).encode())


def _with_status(answer: Callable[[LambdaResponse], ActionResult]) -> Callable[[LambdaResponse], Any]:
    """Answer with the ``StatusCode`` of the result, which moto 5.2.5's serialiser leaves out."""

    def method(response: LambdaResponse) -> tuple[int, dict[str, str], str | bytes]:
        result = answer(response)
        _, headers, body = response.serialized(result)
        status = result.result["StatusCode"]  # type: ignore[index]
        return status, {**headers, "status": str(status)}, body

    return method


# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "CreateFunction": "an archive runs on the Python that runs localaws, whatever 3.x it names; other runtimes, layers "
    "and file systems are refused; a VPC and tracing have no effect",
    "Invoke": "the quota of 1,000 at once bounds each function by itself, not all of an account together",
    "UpdateFunctionConfiguration": "as CreateFunction",
}


def install() -> None:
    """Answer Lambda's API, and let moto's other services reach the functions."""
    graft(LambdaResponse, "lambda", OPERATIONS, APPROXIMATED)
    refuse_others(LambdaResponse, "lambda", OPERATIONS)
    # moto 5.2.5 has no URL for several operations, among them GetAccountSettings.
    urls.url_paths["{0}/(?P<path>.+)$"] = LambdaResponse.dispatch
    for moto_class, name, function in (
        (LambdaResponse, "invoke", _with_status(LambdaResponse.invoke)),
        (LambdaStorage, "get_arn", _find_for_moto),
        (LambdaStorage, "get_function_by_name_or_arn_with_qualifier", _find_for_moto),
        (LambdaBackend, "iter_tagged_resources", _tagged),
        (LambdaBackend, "tag_resource", _tag),
        (LambdaBackend, "untag_resource", _untag),
        (Subscription, "publish", _publish_to_function),
    ):
        setattr(moto_class, name, function)
