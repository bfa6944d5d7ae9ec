"""Rules with a schedule: a rate is kept to until the rule goes, and what is no schedule is refused."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError
from moto.events.models import events_backends

from localaws.server import LocalAws
from localaws.services.events import schedules

REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "SECONDS", {"minute": 0.05, "hour": 3600.0, "day": 86400.0})


def wait_for(server: LocalAws, url: str, count: int) -> list[str]:
    sqs, found = server.client("sqs", REGION), list[str]()
    deadline = time.monotonic() + 60
    while len(found) < count and time.monotonic() < deadline:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        found += [message["Body"] for message in messages]
        time.sleep(0.02)
    return found


def queue(server: LocalAws) -> tuple[str, str]:
    url = server.client("sqs", REGION).create_queue(QueueName="q")["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{server.account_id}:q"


def test_a_rate_sends_events_until_the_rule_is_gone(localaws: LocalAws) -> None:
    url, arn = queue(localaws)
    events = localaws.client("events", REGION)
    rule = events.put_rule(Name="often", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="often", Targets=[{"Id": "t", "Arn": arn}])
    event = json.loads(wait_for(localaws, url, 2)[1])
    assert (event["detail-type"], event["source"]) == ("Scheduled Event", "aws.events")
    assert (event["resources"], event["detail"]) == ([rule], {})
    schedule = schedules._Schedule(
        events_backends[localaws.account_id][REGION].event_buses["default"].rules["often"], 1
    )
    assert schedule.stands
    events.remove_targets(Rule="often", Ids=["t"])
    events.delete_rule(Name="often")
    assert not schedule.stands


def test_a_disabled_rule_sends_nothing(localaws: LocalAws) -> None:
    url, arn = queue(localaws)
    events = localaws.client("events", REGION)
    events.put_rule(Name="off", ScheduleExpression="rate(1 minute)", State="DISABLED")
    events.put_targets(Rule="off", Targets=[{"Id": "t", "Arn": arn}])
    time.sleep(0.3)
    sqs = localaws.client("sqs", REGION)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_times_of_day_are_kept_in_mind(localaws: LocalAws) -> None:
    events = localaws.client("events", REGION)
    events.put_rule(Name="daily", ScheduleExpression="cron(0 3 * * ? *)")
    assert events.describe_rule(Name="daily")["ScheduleExpression"] == "cron(0 3 * * ? *)"


@pytest.mark.parametrize(
    "expression", ["rate(1 minutes)", "rate(2 minute)", "rate(0 days)", "cron(0 3 * * *)", "daily"]
)
def test_what_is_no_schedule_is_refused(localaws: LocalAws, expression: str) -> None:
    with pytest.raises(ClientError, match="Parameter ScheduleExpression is not valid"):
        localaws.client("events", REGION).put_rule(Name="x", ScheduleExpression=expression)


def test_only_the_default_bus_has_schedules(localaws: LocalAws) -> None:
    events = localaws.client("events", REGION)
    events.create_event_bus(Name="other")
    with pytest.raises(ClientError, match="only on the default event bus"):
        events.put_rule(Name="x", EventBusName="other", ScheduleExpression="rate(1 day)")


def test_a_pipeline_of_sagemaker_is_a_target_that_needs_a_role(localaws: LocalAws) -> None:
    events = localaws.client("events", REGION)
    events.put_rule(Name="x", ScheduleExpression="rate(1 day)")
    target = {"Id": "t", "Arn": f"arn:aws:sagemaker:{REGION}:{localaws.account_id}:pipeline/p"}
    with pytest.raises(ClientError, match="RoleArn is required"):
        events.put_targets(Rule="x", Targets=[target])
