"""Events of a log group are found by its ARN, the beginning of their streams' names and filter patterns."""

from __future__ import annotations

import time

import pytest

from localaws.server import LocalAws

GROUP = "/aws/jobs"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"logStreamNamePrefix": "job-1/"}, ["one", "two"]),
        ({"logStreamNamePrefix": "job-3"}, []),
        ({"logStreamNames": ["job-2/a"]}, ["three"]),
        ({"filterPattern": "?one ?three"}, ["one", "three"]),
        ({}, ["one", "two", "three"]),
    ],
)
def test_only_streams_with_the_prefix_are_searched(
    localaws: LocalAws, wanted: dict[str, str | list[str]], found: list[str]
) -> None:
    logs = localaws.client("logs", "eu-west-1")
    logs.create_log_group(logGroupName=GROUP)
    for stream, message in (("job-1/a", "one"), ("job-1/b", "two"), ("job-2/a", "three")):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=stream,
            logEvents=[{"timestamp": int(time.time() * 1000), "message": message}],
        )
    for group in (
        {"logGroupName": GROUP},
        {"logGroupIdentifier": f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}"},
    ):
        answer = logs.filter_log_events(**group, **wanted)
        assert sorted(each["message"] for each in answer["events"]) == sorted(found)
