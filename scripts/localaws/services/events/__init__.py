"""EventBridge: events of services and users, matched by the rules' patterns, delivered to their targets."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from moto.events.models import EventPattern, Rule, events_backends
from moto.events.responses import EventsHandler
from moto.events.utils import _BASE_EVENT_MESSAGE

from localaws import coverage
from localaws.operations import Operation, Request, graft
from localaws.services.events.delivery import TARGETS, Delivery, deliver
from localaws.services.events.inputs import target_input
from localaws.services.events.rules import check_pattern, check_targets, iso_time
from localaws.services.events.schedules import check_schedule, keep_schedule

_moto_list_rules = EventsHandler.list_rules
_put_rule = EventsHandler.put_rule
_put_targets = EventsHandler.put_targets


def publish(
    account_id: str,
    region: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: Sequence[str],
) -> None:
    """Put a service's own event on the default bus and deliver it."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account_id,
        "time": iso_time(),
        "region": region,
        "resources": list(resources),
        "detail": json.loads(json.dumps(detail, default=str)),
    }
    for rule in list(events_backends[account_id][region].event_buses["default"].rules.values()):
        _send_to_targets(rule, event)


def _send_to_targets(rule: Rule, event: Mapping[str, Any], transform_input: bool = True) -> None:
    """Deliver an event by a rule, if the rule is enabled and its pattern matches.

    moto 5.2.5 delivers to queues and log groups only, by disabled rules too, and fails the caller of PutEvents
    for any other target. Events of its own (S3) all carry the same id.
    """
    event = {key: value for key, value in event.items() if key != "ingestion-time"}
    event["time"] = iso_time(event["time"])
    if event["id"] == _BASE_EVENT_MESSAGE["id"]:
        # S3's events; an id that repeats would make the second one of them a repetition of the first.
        event["id"] = str(uuid.uuid4())
    pattern = rule.event_pattern
    # moto matches every event with a rule that has a schedule and no pattern.
    wanted = bool(pattern.get_pattern()) and pattern.matches_event(event)  # type: ignore[arg-type]
    if rule.state.startswith("ENABLED") and wanted:
        for target in list(rule.targets):
            deliver(Delivery(rule, target, event, target_input(target, event, rule.name, rule.arn)))


def _checked_put_rule(response: EventsHandler) -> Any:
    """Refuse what moto 5.2.5 accepts and AWS does not."""
    pattern = response._get_param("EventPattern")
    if pattern:
        check_pattern(pattern)
    expression = response._get_param("ScheduleExpression")
    bus = str(response._get_param("EventBusName") or "default").rpartition("/")[2]
    if expression:
        check_schedule(expression, bus)
    answer = _put_rule(response)
    if expression:
        keep_schedule(response.events_backend.event_buses[bus].rules[response._get_param("Name")])
    return answer


def _checked_put_targets(response: EventsHandler) -> Any:
    check_targets(response._get_param("Targets") or [], TARGETS)
    return _put_targets(response)


def _list_rules(response: EventsHandler) -> Any:
    """List rules without their owner, which moto 5.2.5 adds and only DescribeRule has."""
    body, headers = _moto_list_rules(response)
    answer = json.loads(body)
    for rule in answer["Rules"]:
        rule.pop("CreatedBy", None)
    return json.dumps(answer), headers


def _test_event_pattern(request: Request) -> dict[str, Any]:
    """TestEventPattern, which moto 5.2.5 answers with nothing."""
    check_pattern(request.params["EventPattern"])
    pattern = EventPattern.load(request.params["EventPattern"])
    return {"Result": pattern.matches_event(json.loads(request.params["Event"]))}


OPERATIONS: dict[str, Operation] = {"TestEventPattern": _test_event_pattern}


# Answered by moto, carried out here: what is put is delivered.
DELIVERED = (
    "CreateEventBus",
    "DeleteEventBus",
    "DeleteRule",
    "DescribeEventBus",
    "DescribeRule",
    "DisableRule",
    "EnableRule",
    "ListEventBuses",
    "ListRuleNamesByTarget",
    "ListRules",
    "ListTargetsByRule",
    "PutEvents",
    "PutRule",
    "PutTargets",
    "RemoveTargets",
)
APPROXIMATED = {
    "PutEvents": "what cannot be delivered is tried three times within seconds, instead of for a day",
    "PutRule": "a rate is kept to, cron is kept in mind and never fires",
    "PutTargets": "targets of other services than those above are refused",
}


def install() -> None:
    """Deliver events ourselves, and check rules and targets when they are put."""
    graft(EventsHandler, "events", OPERATIONS)
    coverage.answers("events", DELIVERED, APPROXIMATED)
    for moto_class, name, function in (
        (Rule, "send_to_targets", _send_to_targets),
        (EventsHandler, "list_rules", _list_rules),
        (EventsHandler, "put_rule", _checked_put_rule),
        (EventsHandler, "put_targets", _checked_put_targets),
    ):
        setattr(moto_class, name, function)
