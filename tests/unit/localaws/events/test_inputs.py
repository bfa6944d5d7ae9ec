"""A target receives the event, a constant, a part or a filled template, as EventBridge documents it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.services.events.inputs import fill, find, target_input

EVENT: dict[str, Any] = {
    "id": "1",
    "time": "2026-01-01T00:00:00Z",
    "detail-type": "T",
    "resources": ["a", "b"],
    "detail": {"arn": "arn:x", "count": 2, "tags": [{"k": 1}, {"k": 2}], "said": 'he said "no"'},
}


def received(target: dict[str, Any]) -> str:
    return target_input(target, EVENT, "rule", "arn:rule")


def test_without_an_input_the_event_arrives() -> None:
    assert json.loads(received({})) == EVENT


def test_a_constant_arrives_as_it_is() -> None:
    assert received({"Input": '{"a": 1}'}) == '{"a": 1}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail.arn", "arn:x"),
        ("$.detail-type", "T"),
        ("$.resources[1]", "b"),
        ("$.resources[9]", None),
        ("$.detail.tags[*].k", [1, 2]),
        ("$.detail.nothing.here", None),
    ],
)
def test_a_path_finds_a_part(path: str, expected: Any) -> None:
    assert find(EVENT, path) == expected


def test_a_json_template_keeps_types_outside_and_text_inside_of_strings() -> None:
    transformer = {
        "InputPathsMap": {
            "arn": "$.detail.arn",
            "n": "$.detail.count",
            "said": "$.detail.said",
            "no": "$.no",
        },
        "InputTemplate": '{"name": "<arn>", "arn": <arn>, "n": <n>, "text": "n is <n>, <said>", "no": "<no>"}',
    }
    assert json.loads(received({"InputTransformer": transformer})) == {
        "name": "arn:x",
        "arn": "arn:x",
        "n": 2,
        "text": 'n is 2, he said "no"',
        "no": "",
    }


def test_a_text_template_is_one_json_string() -> None:
    transformer = {"InputPathsMap": {"n": "$.detail.count"}, "InputTemplate": '"count is <n>"'}
    assert json.loads(received({"InputTransformer": transformer})) == "count is 2"


def test_reserved_names_need_no_path() -> None:
    template = (
        '{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "event": <aws.events.event.json>}'
    )
    answer = json.loads(received({"InputTransformer": {"InputTemplate": template}}))
    assert answer == {"rule": "rule", "arn": "arn:rule", "event": EVENT}
    event = json.loads(received({"InputTransformer": {"InputTemplate": "<aws.events.event>"}}))
    assert "detail" not in event


def test_text_that_only_looks_like_a_placeholder_stays() -> None:
    assert fill('"<b>bold</b>"', {}) == '"<b>bold</b>"'
