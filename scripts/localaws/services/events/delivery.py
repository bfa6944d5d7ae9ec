"""Delivery of one event to one target: in the background, tried a few times, then dead-lettered and logged."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.events.models import Rule, events_backends

from localaws.iam.implied import may_publish, may_send
from localaws.runtime import runtime
from localaws.services import awslambda

log = logging.getLogger("localaws.events")
# EventBridge goes on for a day; what fails three times here does not mend itself.
PRINCIPAL = "events.amazonaws.com"
RETRY_SECONDS = (0.5, 2.0)


class Undeliverable(Exception):
    """A target that refuses for good; trying again is pointless."""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one target."""

    rule: Rule
    target: Mapping[str, Any]
    event: Mapping[str, Any]
    text: str

    @property
    def arn(self) -> str:
        """The target's ARN."""
        return str(self.target["Arn"])

    @property
    def resource(self) -> str:
        """The part of the ARN behind the account."""
        return self.arn.split(":", 5)[5]

    def client(self, service: str) -> Any:
        """Return a client in the target's region, acting as the target's role if it has one."""
        region, account = self.arn.split(":")[3:5]
        return runtime().client(service, region, self.target.get("RoleArn", ""), account)

    def parameters(self) -> dict[str, Any]:
        """Return the input as a call's parameters; the plain event is none."""
        if not (self.target.get("Input") or self.target.get("InputTransformer")):
            return {}
        try:
            parameters = json.loads(self.text)
        except ValueError:
            return {}
        return parameters if isinstance(parameters, dict) else {}

    def token(self) -> str:
        """Return what makes repeated tries of this delivery one call."""
        return str(uuid.uuid5(uuid.UUID(self.event["id"]), f"{self.rule.arn} {self.target['Id']}"))


def _to_function(delivery: Delivery) -> None:
    account, region = delivery.arn.split(":")[4], delivery.arn.split(":")[3]
    if not awslambda.allows(account, region, delivery.arn, "", PRINCIPAL, delivery.rule.arn):
        raise Undeliverable(f"the function's resource policy does not let {PRINCIPAL} invoke it")
    delivery.client("lambda").invoke(
        FunctionName=delivery.arn, InvocationType="Event", Payload=delivery.text.encode()
    )


def _to_pipeline(delivery: Delivery) -> None:
    """Start a pipeline; the input may carry ``variables`` and ``sourceRevisions`` (an object or a list)."""
    given = delivery.parameters()
    options: dict[str, Any] = {}
    if given.get("variables"):
        options["variables"] = given["variables"]
    revisions = given.get("sourceRevisions")
    if revisions:
        options["sourceRevisions"] = revisions if isinstance(revisions, list) else [revisions]
    delivery.client("codepipeline").start_pipeline_execution(
        name=delivery.resource, clientRequestToken=delivery.token(), **options
    )


def _to_build(delivery: Delivery) -> None:
    """Start a build; the input may carry StartBuild's overrides."""
    project = delivery.resource.removeprefix("project/")
    delivery.client("codebuild").start_build(
        **{**delivery.parameters(), "projectName": project, "idempotencyToken": delivery.token()}
    )


def _to_sagemaker(delivery: Delivery) -> None:
    """Start a SageMaker pipeline with the parameters that the target names."""
    kind, _, name = delivery.resource.partition("/")
    if kind != "pipeline":
        raise Undeliverable("of SageMaker, only pipelines are targets")
    given = delivery.target.get("SageMakerPipelineParameters", {})
    delivery.client("sagemaker").start_pipeline_execution(
        PipelineName=name,
        PipelineParameters=given.get("PipelineParameterList", []),
        ClientRequestToken=delivery.token(),
    )


def _to_topic(delivery: Delivery) -> None:
    if not may_publish(PRINCIPAL, delivery.arn, delivery.rule.arn):
        raise Undeliverable(f"the policy of the topic or of its key does not let {PRINCIPAL} publish")
    delivery.client("sns").publish(TopicArn=delivery.arn, Message=_plain(delivery.text))


def _to_queue(delivery: Delivery) -> None:
    if not may_send(PRINCIPAL, delivery.arn, delivery.rule.arn):
        raise Undeliverable(f"the queue's policy does not let {PRINCIPAL} send")
    _send_to_queue(delivery.arn, delivery.text, delivery.target.get("SqsParameters", {}))


def _send_to_queue(arn: str, text: str, options: Mapping[str, Any]) -> None:
    region, account, name = arn.split(":")[3:6]
    sqs = runtime().client("sqs", region, account=account)
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=text, **options)


def _to_log_group(delivery: Delivery) -> None:
    group = delivery.resource.removeprefix("log-group:").removesuffix(":*")
    region, account = delivery.arn.split(":")[3:5]
    runtime().log_writer(region, group, delivery.event["id"], account=account)(delivery.text)


def _to_bus(delivery: Delivery) -> None:
    """Hand the event itself on; a bus takes no input."""
    region, account = delivery.arn.split(":")[3:5]
    bus = events_backends[account][region].event_buses.get(delivery.resource.removeprefix("event-bus/"))
    if bus is None:
        raise Undeliverable("there is no such bus")
    for rule in list(bus.rules.values()):
        rule.send_to_targets(dict(delivery.event))  # type: ignore[arg-type]


def _plain(text: str) -> str:
    """Return a JSON string as the text it stands for, anything else as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


TARGETS: dict[str, Callable[[Delivery], None]] = {
    "codebuild": _to_build,
    "codepipeline": _to_pipeline,
    "events": _to_bus,
    "lambda": _to_function,
    "logs": _to_log_group,
    "sagemaker": _to_sagemaker,
    "sns": _to_topic,
    "sqs": _to_queue,
}


def deliver(delivery: Delivery) -> None:
    """Deliver in the background."""
    runtime().spawn(f"event to {delivery.arn}", lambda: _try(delivery))


def _try(delivery: Delivery) -> None:
    allowed = delivery.target.get("RetryPolicy", {}).get("MaximumRetryAttempts", len(RETRY_SECONDS))
    for wait in (*RETRY_SECONDS[:allowed], None):
        try:
            TARGETS[delivery.arn.split(":")[2]](delivery)
            return
        except Exception as error:
            kind = delivery.event["detail-type"]
            log.warning("event %r by rule %s to %s failed: %s", kind, delivery.rule.name, delivery.arn, error)
            if wait is None or isinstance(error, Undeliverable):
                break
        time.sleep(wait)
    dead_letter = delivery.target.get("DeadLetterConfig", {}).get("Arn")
    if dead_letter:
        _send_to_queue(dead_letter, json.dumps(delivery.event), {})
