"""The tags of a resource, asked of its service when a policy's condition wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from localaws.iam.principals import find_role
from localaws.runtime import runtime

Lookup = Callable[[Any, str], Any]


def tags_of(arn: str) -> Mapping[str, str]:
    """Return a resource's tags; none for a resource that is not there or has none."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or arn.endswith("*"):
        return {}
    if parts[2] == "iam":
        role = find_role(arn)
        return _flat(role.tags if role is not None else [])
    lookup = _LOOKUPS.get(parts[2])
    if lookup is None:
        return {}
    try:
        return _flat(lookup(runtime().client(parts[2], parts[3] or "us-east-1", account=parts[4]), arn))
    except ClientError:
        return {}


def _flat(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        # IAM keeps each tag whole below its key.
        return {
            str(key): str(value["Value"] if isinstance(value, Mapping) else value)
            for key, value in tags.items()
        }
    return {
        str(each.get("Key", each.get("key"))): str(each.get("Value", each.get("value")))
        for each in tags or ()
    }


def _object(client: Any, arn: str) -> Any:
    bucket, _, key = arn.rsplit(":", 1)[-1].partition("/")
    operation = client.get_object_tagging if key else client.get_bucket_tagging
    return operation(**({"Bucket": bucket, "Key": key} if key else {"Bucket": bucket}))["TagSet"]


_LOOKUPS: Mapping[str, Lookup] = {
    "codeconnections": lambda client, arn: client.list_tags_for_resource(ResourceArn=arn)["Tags"],
    "codecommit": lambda client, arn: client.list_tags_for_resource(resourceArn=arn)["tags"],
    "codepipeline": lambda client, arn: client.list_tags_for_resource(resourceArn=arn)["tags"],
    "ecr": lambda client, arn: client.list_tags_for_resource(resourceArn=arn)["tags"],
    "events": lambda client, arn: client.list_tags_for_resource(ResourceARN=arn)["Tags"],
    "kms": lambda client, arn: [
        {"Key": each["TagKey"], "Value": each["TagValue"]}
        for each in client.list_resource_tags(KeyId=arn)["Tags"]
    ],
    "lambda": lambda client, arn: client.list_tags(Resource=arn)["Tags"],
    "logs": lambda client, arn: client.list_tags_for_resource(resourceArn=arn)["tags"],
    "s3": _object,
    "sagemaker": lambda client, arn: client.list_tags(ResourceArn=arn)["Tags"],
    "sns": lambda client, arn: client.list_tags_for_resource(ResourceArn=arn)["Tags"],
}
