"""Conditions hold as IAM's page on condition operators says."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.iam.condition_operators import UnknownOperator, holds
from localaws.iam.request_context import RequestContext

CONTEXT = RequestContext(
    {
        "aws:PrincipalArn": ["arn:aws:iam::123456789012:role/sagemaker-runner"],
        "aws:SecureTransport": ["true"],
        "aws:TagKeys": ["project", "stage"],
        "aws:SourceIp": ["10.1.2.3"],
        "aws:CurrentTime": ["2026-11-21T10:00:00Z"],
        "s3:prefix": ["requests/7"],
        "s3:max-keys": ["100"],
    },
    lambda: {"sagemaker:project-id": "p-1"},
)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"StringEquals": {"s3:prefix": "requests/7"}}, True),
        ({"StringEquals": {"S3:Prefix": ["other", "requests/7"]}}, True),
        ({"StringEquals": {"s3:prefix": "requests/*"}}, False),
        ({"StringLike": {"s3:prefix": "requests/*"}}, True),
        ({"StringNotLike": {"s3:prefix": ["x*", "requests/*"]}}, False),
        ({"StringNotEquals": {"s3:absent": "x"}}, True),
        ({"StringEquals": {"s3:absent": "x"}}, False),
        ({"StringEqualsIfExists": {"s3:absent": "x"}}, True),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "REQUESTS/7"}}, True),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/sagemaker-*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}, False),
        ({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/sagemaker-runner"}}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": "100"}}, True),
        ({"NumericGreaterThan": {"s3:max-keys": 100}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-11-20T00:00:00Z"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["192.168.0.0/16", "10.0.0.0/8"]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"Null": {"s3:absent": "true"}}, True),
        ({"Null": {"s3:prefix": True}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["project", "stage", "owner"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:absent": ["project"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["stage"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:absent": ["stage"]}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["project"]}}, True),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["project", "stage"]}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:absent": ["project"]}}, False),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["project"]}}, False),
        ({"StringEquals": {"aws:ResourceTag/sagemaker:project-id": "p-1"}}, True),
        ({"StringEquals": {"aws:ResourceTag/absent": "p-1"}}, False),
        ({"StringLike": {"aws:PrincipalArn": "${aws:PrincipalArn}"}}, True),
        ({"StringEquals": {"s3:prefix": "${aws:username}"}}, False),
        ({"StringEquals": {"s3:prefix": "requests/7"}, "Bool": {"aws:SecureTransport": "false"}}, False),
    ],
)
def test_a_condition_holds_or_does_not(block: dict[str, Any], expected: bool) -> None:
    assert holds(block, CONTEXT) is expected


def test_an_operator_that_iam_does_not_have_is_told() -> None:
    with pytest.raises(UnknownOperator, match="StringIsh"):
        holds({"StringIsh": {"s3:prefix": "x"}}, CONTEXT)


def test_tags_are_looked_up_once_and_only_when_asked_for() -> None:
    asked: list[str] = []

    def tags() -> dict[str, str]:
        asked.append("now")
        return {"team": "churn"}

    context = RequestContext({"s3:prefix": ["x"]}, tags)
    assert holds({"StringEquals": {"s3:prefix": "x"}}, context)
    assert asked == []
    assert holds({"StringEquals": {"aws:ResourceTag/team": "churn"}}, context)
    assert holds({"StringEquals": {"aws:ResourceTag/team": "churn"}}, context)
    assert asked == ["now"]
