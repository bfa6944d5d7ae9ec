"""Events reach the targets of the rules that match them, and only those."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws

REGION = "eu-west-1"
DETAIL = {
    "name": "churn-1",
    "status": "Approved",
    "count": 5,
    "address": "10.0.0.7",
    "file": "a/b.tar.gz",
    "empty": "",
}


class Desk:
    """Rules whose only target is one queue."""

    def __init__(self, server: LocalAws) -> None:
        self.server = server
        self.events = server.client("events", REGION)
        self.sqs = server.client("sqs", REGION)
        self.url = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{server.account_id}:q"

    def rule(self, pattern: Any, name: str = "r", bus: str = "default", **target: Any) -> None:
        self.events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)
        target = {"Id": "t", "Arn": self.arn, **target}
        answer = self.events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
        assert answer["FailedEntryCount"] == 0

    def received(self, seconds: float = 60.0) -> list[str]:
        """Return the messages that arrive first, if any do in so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
            if messages:
                return [message["Body"] for message in messages]
            time.sleep(0.02)
        return []


@pytest.fixture
def desk(localaws: LocalAws) -> Desk:
    return Desk(localaws)


def test_a_service_event_arrives_whole(localaws: LocalAws, desk: Desk) -> None:
    desk.rule({"source": ["aws.test"]})
    localaws.emit(REGION, "aws.test", "Test Happened", DETAIL, ["arn:aws:test:1"])
    [body] = desk.received()
    event = json.loads(body)
    assert event.pop("id")
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "detail-type": "Test Happened",
        "source": "aws.test",
        "account": localaws.account_id,
        "region": REGION,
        "resources": ["arn:aws:test:1"],
        "detail": DETAIL,
    }


def test_a_user_event_takes_the_same_way(desk: Desk) -> None:
    desk.rule({"detail-type": ["mine"]}, InputPath="$.detail.a")
    desk.events.put_events(Entries=[{"Source": "me", "DetailType": "mine", "Detail": '{"a": [1]}'}])
    assert desk.received() == ["[1]"]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"status": ["Approved", "Rejected"]}, True),
        ({"status": [{"anything-but": "PendingManualApproval"}]}, True),
        ({"status": [{"anything-but": ["Approved", "Rejected"]}]}, False),
        ({"status": [{"anything-but": {"prefix": "App"}}]}, False),
        ({"name": [{"prefix": "churn-"}]}, True),
        ({"name": [{"prefix": {"equals-ignore-case": "CHURN"}}]}, True),
        ({"file": [{"suffix": ".gz"}]}, True),
        ({"file": [{"wildcard": "a/*.gz"}]}, True),
        ({"file": [{"wildcard": "b/*"}]}, False),
        ({"status": [{"equals-ignore-case": "APPROVED"}]}, True),
        ({"count": [{"numeric": [">", 3, "<=", 5]}]}, True),
        ({"count": [{"numeric": ["<", 5]}]}, False),
        ({"address": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"missing": [{"exists": False}]}, True),
        ({"name": [{"exists": False}]}, False),
        ({"$or": [{"count": [1]}, {"name": ["churn-1"]}]}, True),
        ({"name": ["churn-1"], "count": [6]}, False),
    ],
)
def test_every_operator_decides_as_documented(desk: Desk, pattern: Any, matches: bool) -> None:
    event = {"id": "1", "source": "s", "detail-type": "d", "account": "1", "time": "t", "region": "r"}
    answer = desk.events.test_event_pattern(
        EventPattern=json.dumps({"detail": pattern}), Event=json.dumps({**event, "detail": DETAIL})
    )
    assert answer["Result"] is matches


def test_an_operator_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(ClientError, match="Unrecognized match type starts-with"):
        desk.events.put_rule(Name="r", EventPattern='{"source": [{"starts-with": "a"}]}')


def test_a_disabled_rule_delivers_nothing(localaws: LocalAws, desk: Desk) -> None:
    desk.rule({"source": ["aws.test"]})
    desk.events.disable_rule(Name="r")
    localaws.emit(REGION, "aws.test", "Test", {})
    assert desk.received(seconds=1.0) == []


def test_a_rule_on_another_bus_sees_its_own_events_only(localaws: LocalAws, desk: Desk) -> None:
    desk.events.create_event_bus(Name="b")
    desk.rule({"source": ["me", "aws.test"]}, bus="b", InputPath="$.source")
    localaws.emit(REGION, "aws.test", "Test", {})
    desk.events.put_events(Entries=[{"Source": "me", "DetailType": "d", "Detail": "{}", "EventBusName": "b"}])
    assert desk.received() == ['"me"']


def test_an_event_reaches_a_log_group_and_a_topic(localaws: LocalAws, desk: Desk) -> None:
    topic = localaws.client("sns", REGION).create_topic(Name="t")["TopicArn"]
    localaws.client("sns", REGION).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=desk.arn)
    logs = f"arn:aws:logs:{REGION}:{localaws.account_id}:log-group:/events/all"
    desk.rule({"source": ["aws.test"]}, Arn=topic, Input='"fixed words"')
    desk.rule({"source": ["aws.test"]}, name="logged", Arn=logs)
    localaws.emit(REGION, "aws.test", "Test", {"a": 1})
    [message] = desk.received()
    assert json.loads(message)["Message"] == "fixed words"
    events = localaws.client("logs", REGION).filter_log_events(logGroupName="/events/all")["events"]
    assert json.loads(events[0]["message"])["detail"] == {"a": 1}


class Pipelines:
    """Stands where CodePipeline is called."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []

    def start_pipeline_execution(self, **parameters: Any) -> None:
        self.started.append(parameters)
        if len(self.started) == 1:
            raise ConnectionError("try again")


def test_a_pipeline_gets_its_variables_and_a_second_try(
    localaws: LocalAws, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipelines = Pipelines()
    real: Callable[..., Any] = localaws.client
    monkeypatch.setattr(
        localaws,
        "client",
        lambda service, *others: pipelines if service == "codepipeline" else real(service, *others),
    )
    desk.rule(
        {"source": ["aws.sagemaker"]},
        Arn=f"arn:aws:codepipeline:{REGION}:{localaws.account_id}:deploy",
        RoleArn=f"arn:aws:iam::{localaws.account_id}:role/events",
        InputTransformer={
            "InputPathsMap": {"arn": "$.detail.ModelPackageArn"},
            "InputTemplate": '{"variables": [{"name": "ModelPackageArn", "value": "<arn>"}]}',
        },
    )
    localaws.emit(REGION, "aws.sagemaker", "State Change", {"ModelPackageArn": "arn:package"})
    deadline = time.monotonic() + 60
    while len(pipelines.started) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    first, second = pipelines.started
    assert first == second
    assert second["name"] == "deploy"
    assert second["variables"] == [{"name": "ModelPackageArn", "value": "arn:package"}]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"Arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:x"}, "states"),
        ({"Arn": "arn:aws:codepipeline:eu-west-1:123456789012:x"}, "RoleArn is required"),
        ({"Input": "{}", "InputPath": "$.a"}, "Only one of"),
    ],
)
def test_a_target_that_cannot_work_is_refused_when_it_is_put(desk: Desk, target: Any, words: str) -> None:
    with pytest.raises(ClientError, match=words):
        desk.rule({"source": ["a"]}, **target)


def test_a_schedule_is_kept_and_no_event_meets_it(localaws: LocalAws, desk: Desk) -> None:
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        desk.events.put_rule(Name="s", ScheduleExpression="every hour")
    desk.events.put_rule(Name="s", ScheduleExpression="rate(1 hour)")
    desk.events.put_targets(Rule="s", Targets=[{"Id": "t", "Arn": desk.arn}])
    assert desk.events.describe_rule(Name="s")["ScheduleExpression"] == "rate(1 hour)"
    assert [rule["Name"] for rule in desk.events.list_rules()["Rules"]] == ["s"]
    desk.rule({"source": ["aws.test"]})
    localaws.emit(REGION, "aws.test", "Test", {"a": 1})
    assert len(desk.received()) == 1


def test_what_cannot_be_delivered_is_dead_lettered(localaws: LocalAws, desk: Desk) -> None:
    arn = f"arn:aws:sns:{REGION}:{localaws.account_id}:gone"
    desk.rule(
        {"source": ["aws.test"]},
        Arn=arn,
        RetryPolicy={"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        DeadLetterConfig={"Arn": desk.arn},
    )
    localaws.emit(REGION, "aws.test", "Test", {"a": 1})
    [body] = desk.received()
    assert json.loads(body)["detail"] == {"a": 1}
