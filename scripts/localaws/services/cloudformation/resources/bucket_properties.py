"""A bucket's properties as templates write them come in; the same as S3's API writes them goes out.

What has another name there is renamed; everything else goes on as it is, so that the call refuses what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localaws.services.cloudformation.intrinsics import text_of

_EXPIRY = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_FILTERS = ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
# Each may be written alone or as a list; older templates have the former.
_TRANSITIONS = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}
_DAYS = {"TransitionInDays": "Days", "TransitionDate": "Date"}
_NONCURRENT_DAYS = {"TransitionInDays": "NoncurrentDays"}
_TARGETS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}
_CORS = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
# LogDeliveryWrite in a template, log-delivery-write in the API.
_ACLS = {
    "AuthenticatedRead": "authenticated-read",
    "AwsExecRead": "aws-exec-read",
    "BucketOwnerFullControl": "bucket-owner-full-control",
    "BucketOwnerRead": "bucket-owner-read",
    "LogDeliveryWrite": "log-delivery-write",
    "Private": "private",
    "PublicRead": "public-read",
    "PublicReadWrite": "public-read-write",
}


def as_the_api_writes(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a bucket's properties in the terms of S3's API."""
    return {name: _WRITERS.get(name, _as_it_is)(value) for name, value in properties.items()}


def _as_it_is(value: Any) -> Any:
    return value


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): item for key, item in value.items()}


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = value.get("ServerSideEncryptionConfiguration", [])
    return {"Rules": [_renamed(rule, names) for rule in rules]}


def _lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "Rules": [_lifecycle_rule(rule) for rule in value.get("Rules", [])]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Write a rule as the API does: conditions in a Filter, expiry in an Expiration, transitions in lists."""
    moved = {*_EXPIRY, *_FILTERS, *_TRANSITIONS, *_TRANSITIONS.values(), "TagFilters"}
    made = {key: item for key, item in rule.items() if key not in moved}
    if "Id" in made:
        made["ID"] = made.pop("Id")
    expiry = {name: rule[key] for key, name in _EXPIRY.items() if key in rule}
    if expiry:
        made["Expiration"] = expiry
    if "NoncurrentVersionExpirationInDays" in made:
        days = made.pop("NoncurrentVersionExpirationInDays")
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    for alone, listed in _TRANSITIONS.items():
        items = [*rule.get(listed, ()), *([rule[alone]] if alone in rule else ())]
        if items:
            names = _DAYS if listed == "Transitions" else _NONCURRENT_DAYS
            made[listed] = [_renamed(item, names) for item in items]
    return {**made, "Filter": _lifecycle_filter(rule)}


def _lifecycle_filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    conditions: dict[str, Any] = {name: rule[name] for name in _FILTERS if name in rule}
    tags = rule.get("TagFilters", [])
    if len(conditions) + len(tags) > 1:
        return {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    return conditions or ({"Tag": tags[0]} if tags else {"Prefix": ""})


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    names = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
    return _renamed(value, names)


def _notification(value: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in value.items():
        if key in _TARGETS:
            name, target, arn = _TARGETS[key]
            made[name] = [_delivery(each, target, arn) for each in item]
        elif key == "EventBridgeConfiguration":
            if text_of(item.get("EventBridgeEnabled", True)) == "true":
                made[key] = {}
        else:
            made[key] = item
    return made


def _delivery(value: Mapping[str, Any], target: str, arn: str) -> dict[str, Any]:
    made = _renamed(value, {target: arn})
    made["Events"] = [made.pop("Event")]
    if "Filter" in made:
        made["Filter"] = {"Key": _renamed(made["Filter"]["S3Key"], {"Rules": "FilterRules"})}
    return made


def _cors(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"CORSRules": [_renamed(rule, _CORS) for rule in value.get("CorsRules", [])]}


def _website(value: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(value)
    if "IndexDocument" in made:
        made["IndexDocument"] = {"Suffix": made["IndexDocument"]}
    if "ErrorDocument" in made:
        made["ErrorDocument"] = {"Key": made["ErrorDocument"]}
    if "RoutingRules" in made:
        names = {"RoutingRuleCondition": "Condition", "RedirectRule": "Redirect"}
        made["RoutingRules"] = [_renamed(rule, names) for rule in made["RoutingRules"]]
    return made


def _acl(value: Any) -> Any:
    return _ACLS.get(text_of(value), value)


_WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "AccessControl": _acl,
    "BucketEncryption": _encryption,
    "CorsConfiguration": _cors,
    "LifecycleConfiguration": _lifecycle,
    "LoggingConfiguration": _logging,
    "NotificationConfiguration": _notification,
    "WebsiteConfiguration": _website,
}
