"""A resource that inventory.py found comes in; it is deleted with what hangs on it, which takes more than one call."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    import boto3

_ABSENT_CODES = ("404", "NoSuchBucket", "NoSuchEntity", "ResourceNotFound")
# API Gateway names its execution logs by the API's id.
_EXECUTION_LOGS = "API-Gateway-Execution-Logs_"
_DELETE_AT_ONCE = 1000
_IMAGES_AT_ONCE = 100


def delete_rule(session: boto3.Session, rule: str) -> None:
    """Delete an event rule with its targets."""
    events = session.client("events")
    targets = [target["Id"] for target in events.list_targets_by_rule(Rule=rule)["Targets"]]
    if targets:
        events.remove_targets(Rule=rule, Ids=targets)
    events.delete_rule(Name=rule)


def delete_api(session: boto3.Session, key: str) -> None:
    """Delete a REST API by its id, with the logs that API Gateway keeps under that."""
    logs = session.client("logs")
    prefix = f"{_EXECUTION_LOGS}{key}/"
    for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
    session.client("apigateway").delete_rest_api(restApiId=key)


def delete_role(session: boto3.Session, role: str) -> None:
    """Delete a role with its policies; managed ones stay."""
    iam = session.client("iam")
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)


def delete_policy(session: boto3.Session, arn: str) -> None:
    """Delete a managed policy with its versions."""
    iam = session.client("iam")
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def delete_bucket(session: boto3.Session, bucket: str) -> None:
    """Delete a bucket with all that is in it."""
    empty_bucket(session, bucket)
    session.client("s3").delete_bucket(Bucket=bucket)


def empty_bucket(session: boto3.Session, bucket: str) -> int:
    """Delete every object and version in a bucket; return how many there were."""
    s3 = session.client("s3")
    count = 0
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": _DELETE_AT_ONCE}
    )
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            s3.delete_objects(
                Bucket=bucket,
                Delete={
                    "Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found],
                    "Quiet": True,
                },
            )
        count += len(found)
    return count


def empty_image_repository(session: boto3.Session, repository: str) -> int:
    """Delete every image in an ECR repository; return how many there were."""
    ecr = session.client("ecr")
    pages = ecr.get_paginator("list_images").paginate(repositoryName=repository)
    images = [image for page in pages for image in page["imageIds"]]
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        chunk = images[start : start + _IMAGES_AT_ONCE]
        ecr.batch_delete_image(repositoryName=repository, imageIds=chunk)
    return len(images)


def request_token(subject: str) -> str:
    """Return the idempotency token that SageMaker wants (32 to 128 characters): equal for equal subjects."""
    return hashlib.sha256(subject.encode()).hexdigest()


def absent(error: ClientError) -> bool:
    """Say whether AWS means that the resource is not there (some services say it as a validation error)."""
    code = error.response["Error"]["Code"]
    message = error.response["Error"]["Message"].lower()
    named = code in _ABSENT_CODES or code.endswith(("NotFound", "NotFoundException", "DoesNotExistException"))
    told = code in ("ValidationException", "ValidationError") and (
        "could not find" in message or "does not exist" in message or "not found" in message
    )
    return named or told
