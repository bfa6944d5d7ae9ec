"""A bucket's properties become what S3's API takes, and nothing in them is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.cloudformation.resources.bucket_properties import as_the_api_writes


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        (
            {"Id": "a", "Status": "Enabled", "ExpirationInDays": 3, "Prefix": "x/"},
            {"ID": "a", "Status": "Enabled", "Expiration": {"Days": 3}, "Filter": {"Prefix": "x/"}},
        ),
        (
            {
                "Status": "Enabled",
                "Transition": {"TransitionInDays": 1, "StorageClass": "GLACIER"},
                "Transitions": [{"TransitionDate": "2030-01-01", "StorageClass": "STANDARD_IA"}],
            },
            {
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "Transitions": [
                    {"Date": "2030-01-01", "StorageClass": "STANDARD_IA"},
                    {"Days": 1, "StorageClass": "GLACIER"},
                ],
            },
        ),
        (
            {
                "Status": "Enabled",
                "TagFilters": [{"Key": "k", "Value": "v"}],
                "ObjectSizeLessThan": 9,
                "NoncurrentVersionTransition": {"TransitionInDays": 2, "StorageClass": "GLACIER"},
                "NoncurrentVersionExpirationInDays": 4,
                "Unheard": "of",
            },
            {
                "Status": "Enabled",
                "Filter": {"And": {"ObjectSizeLessThan": 9, "Tags": [{"Key": "k", "Value": "v"}]}},
                "NoncurrentVersionTransitions": [{"NoncurrentDays": 2, "StorageClass": "GLACIER"}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 4},
                "Unheard": "of",
            },
        ),
    ],
)
def test_a_lifecycle_rule_is_written_as_the_api_has_it(rule: dict[str, Any], written: dict[str, Any]) -> None:
    assert as_the_api_writes({"LifecycleConfiguration": {"Rules": [rule]}}) == {
        "LifecycleConfiguration": {"Rules": [written]}
    }


def test_what_a_bucket_tells_whom_is_written_as_the_api_has_it() -> None:
    filtered = {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".csv"}]}}
    configuration = {
        "EventBridgeConfiguration": {"EventBridgeEnabled": "false"},
        "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": "q", "Filter": filtered}],
        "LambdaConfigurations": [{"Event": "s3:ObjectRemoved:*", "Function": "f"}],
    }
    assert as_the_api_writes({"NotificationConfiguration": configuration})["NotificationConfiguration"] == {
        "QueueConfigurations": [
            {
                "Events": ["s3:ObjectCreated:*"],
                "QueueArn": "q",
                "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".csv"}]}},
            }
        ],
        "LambdaFunctionConfigurations": [{"Events": ["s3:ObjectRemoved:*"], "LambdaFunctionArn": "f"}],
    }
    switched_on = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert as_the_api_writes({"NotificationConfiguration": switched_on})["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {}
    }


def test_a_website_and_its_access_are_written_as_the_api_has_them() -> None:
    redirect = {"RoutingRuleCondition": {"KeyPrefixEquals": "a"}, "RedirectRule": {"ReplaceKeyWith": "b"}}
    website = {"IndexDocument": "index.html", "ErrorDocument": "error.html", "RoutingRules": [redirect]}
    assert as_the_api_writes({"WebsiteConfiguration": website, "AccessControl": "LogDeliveryWrite"}) == {
        "WebsiteConfiguration": {
            "IndexDocument": {"Suffix": "index.html"},
            "ErrorDocument": {"Key": "error.html"},
            "RoutingRules": [
                {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyWith": "b"}},
            ],
        },
        "AccessControl": "log-delivery-write",
    }
