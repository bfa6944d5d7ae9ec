"""S3 buckets and their policies, KMS keys and aliases, ECR repositories, SSM parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration

_BUCKET_ID = {"Bucket": "id"}


def _bucket(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    rules = properties.get("LifecycleConfiguration", {}).get("Rules")
    if rules is None:
        return properties
    return {**properties, "LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in rules]}}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Write a lifecycle rule as the API does: conditions in a Filter, expiry in an Expiration."""
    renamed = {
        "Id": "ID",
        "Status": "Status",
        "AbortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
        "NoncurrentVersionExpiration": "NoncurrentVersionExpiration",
    }
    made: dict[str, Any] = {name: rule[key] for key, name in renamed.items() if key in rule}
    expiry = {
        "Days": rule.get("ExpirationInDays"),
        "Date": rule.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    if any(value is not None for value in expiry.values()):
        made["Expiration"] = expiry
    if "NoncurrentVersionExpirationInDays" in rule:
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    if "Transitions" in rule:
        made["Transitions"] = [
            {"Days": item.get("TransitionInDays"), "StorageClass": item["StorageClass"]}
            for item in rule["Transitions"]
        ]
    if "NoncurrentVersionTransitions" in rule:
        made["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": item["TransitionInDays"], "StorageClass": item["StorageClass"]}
            for item in rule["NoncurrentVersionTransitions"]
        ]
    made["Filter"] = _lifecycle_filter(rule)
    return made


def _lifecycle_filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    conditions: dict[str, Any] = {
        name: rule[name] for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule
    }
    tags = rule.get("TagFilters", [])
    if len(conditions) + len(tags) > 1:
        return {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    return conditions or ({"Tag": tags[0]} if tags else {"Prefix": ""})


BUCKET = Declaration(
    type="AWS::S3::Bucket",
    service="s3",
    name="BucketName",
    name_limit=63,
    lower=True,
    prepare=_bucket,
    create=(
        Call(
            "create_bucket",
            {
                "Bucket": "p.BucketName",
                "CreateBucketConfiguration": "region != 'us-east-1' && {LocationConstraint: region} || null",
                "ObjectLockEnabledForBucket": "p.ObjectLockEnabled",
            },
        ),
    ),
    physical_id="p.BucketName",
    delete=(Call("delete_bucket", _BUCKET_ID),),
    attributes={
        "Arn": "join('', ['arn:', partition, ':s3:::', id])",
        "DomainName": "join('', [id, '.s3.amazonaws.com'])",
        "RegionalDomainName": "join('', [id, '.s3.', region, '.amazonaws.com'])",
    },
    aspects=(
        Aspect(
            ("OwnershipControls",),
            put=(
                Call(
                    "put_bucket_ownership_controls",
                    {**_BUCKET_ID, "OwnershipControls": "p.OwnershipControls"},
                ),
            ),
            remove=(Call("delete_bucket_ownership_controls", _BUCKET_ID),),
        ),
        Aspect(
            ("PublicAccessBlockConfiguration",),
            put=(
                Call(
                    "put_public_access_block",
                    {**_BUCKET_ID, "PublicAccessBlockConfiguration": "p.PublicAccessBlockConfiguration"},
                ),
            ),
            remove=(Call("delete_public_access_block", _BUCKET_ID),),
        ),
        Aspect(
            ("BucketEncryption",),
            put=(
                Call(
                    "put_bucket_encryption",
                    {
                        **_BUCKET_ID,
                        "ServerSideEncryptionConfiguration": (
                            "{Rules: p.BucketEncryption.ServerSideEncryptionConfiguration[].{"
                            "ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault, "
                            "BucketKeyEnabled: BucketKeyEnabled}}"
                        ),
                    },
                ),
            ),
            remove=(Call("delete_bucket_encryption", _BUCKET_ID),),
        ),
        Aspect(
            ("VersioningConfiguration",),
            put=(
                Call(
                    "put_bucket_versioning",
                    {**_BUCKET_ID, "VersioningConfiguration": "p.VersioningConfiguration"},
                ),
            ),
            remove=(
                Call(
                    "put_bucket_versioning",
                    {**_BUCKET_ID, "VersioningConfiguration": "{Status: 'Suspended'}"},
                ),
            ),
        ),
        Aspect(
            ("LifecycleConfiguration",),
            put=(
                Call(
                    "put_bucket_lifecycle_configuration",
                    {**_BUCKET_ID, "LifecycleConfiguration": "p.LifecycleConfiguration"},
                ),
            ),
            remove=(Call("delete_bucket_lifecycle", _BUCKET_ID),),
        ),
        Aspect(
            ("LoggingConfiguration",),
            put=(
                Call(
                    "put_bucket_logging",
                    {
                        **_BUCKET_ID,
                        "BucketLoggingStatus": (
                            "{LoggingEnabled: {TargetBucket: p.LoggingConfiguration.DestinationBucketName || id, "
                            "TargetPrefix: p.LoggingConfiguration.LogFilePrefix || ''}}"
                        ),
                    },
                ),
            ),
            remove=(Call("put_bucket_logging", {**_BUCKET_ID, "BucketLoggingStatus": "`{}`"}),),
        ),
        Aspect(
            ("NotificationConfiguration",),
            put=(
                Call(
                    "put_bucket_notification_configuration",
                    {
                        **_BUCKET_ID,
                        "NotificationConfiguration": (
                            "{EventBridgeConfiguration: p.NotificationConfiguration.EventBridgeConfiguration "
                            "&& `{}` || null, "
                            "LambdaFunctionConfigurations: p.NotificationConfiguration.LambdaConfigurations[]."
                            "{Events: [Event], LambdaFunctionArn: Function, Filter: Filter}, "
                            "QueueConfigurations: p.NotificationConfiguration.QueueConfigurations[]."
                            "{Events: [Event], QueueArn: Queue, Filter: Filter}, "
                            "TopicConfigurations: p.NotificationConfiguration.TopicConfigurations[]."
                            "{Events: [Event], TopicArn: Topic, Filter: Filter}}"
                        ),
                    },
                ),
            ),
            remove=(
                Call(
                    "put_bucket_notification_configuration",
                    {**_BUCKET_ID, "NotificationConfiguration": "`{}`"},
                ),
            ),
        ),
        Aspect(
            ("CorsConfiguration",),
            put=(
                Call(
                    "put_bucket_cors",
                    {
                        **_BUCKET_ID,
                        "CORSConfiguration": (
                            "{CORSRules: p.CorsConfiguration.CorsRules[].{ID: Id, AllowedHeaders: AllowedHeaders, "
                            "AllowedMethods: AllowedMethods, AllowedOrigins: AllowedOrigins, "
                            "ExposeHeaders: ExposedHeaders, MaxAgeSeconds: MaxAge}}"
                        ),
                    },
                ),
            ),
            remove=(Call("delete_bucket_cors", _BUCKET_ID),),
        ),
        Aspect(
            ("Tags",),
            put=(Call("put_bucket_tagging", {**_BUCKET_ID, "Tagging": "{TagSet: p.Tags}"}),),
            remove=(Call("delete_bucket_tagging", _BUCKET_ID),),
        ),
    ),
)

BUCKET_POLICY = Declaration(
    type="AWS::S3::BucketPolicy",
    service="s3",
    create=(Call("put_bucket_policy", {"Bucket": "p.Bucket", "Policy": "p.PolicyDocument"}),),
    physical_id="p.Bucket",
    update=(Call("put_bucket_policy", {"Bucket": "p.Bucket", "Policy": "p.PolicyDocument"}),),
    delete=(Call("delete_bucket_policy", {"Bucket": "p.Bucket"}),),
)

_KEY_ID = {"KeyId": "id"}
_ON = "to_string(p.{}) == 'true'"
_OFF = "to_string(p.{}) == 'false'"

KEY = Declaration(
    type="AWS::KMS::Key",
    service="kms",
    create=(
        Call(
            "create_key",
            {
                "Policy": "p.KeyPolicy",
                "Description": "p.Description",
                "KeyUsage": "p.KeyUsage",
                "KeySpec": "p.KeySpec",
                "MultiRegion": "p.MultiRegion",
                "Origin": "p.Origin",
                "BypassPolicyLockoutSafetyCheck": "p.BypassPolicyLockoutSafetyCheck",
                "Tags": "p.Tags[].{TagKey: Key, TagValue: Value}",
            },
        ),
    ),
    physical_id="made.KeyMetadata.KeyId",
    delete=(
        Call(
            "schedule_key_deletion",
            {**_KEY_ID, "PendingWindowInDays": "p.PendingWindowInDays"},
            tolerate=("KMSInvalidStateException",),
        ),
    ),
    read=Call("describe_key", _KEY_ID),
    attributes={"Arn": "read.KeyMetadata.Arn", "KeyId": "id"},
    # Counts when the key is deleted.
    ignored=("PendingWindowInDays", "BypassPolicyLockoutSafetyCheck"),
    aspects=(
        Aspect(
            ("Description",),
            put=(Call("update_key_description", {**_KEY_ID, "Description": "p.Description"}),),
            remove=(Call("update_key_description", {**_KEY_ID, "Description": "''"}),),
            on_create=False,
        ),
        Aspect(
            ("KeyPolicy",),
            put=(Call("put_key_policy", {**_KEY_ID, "PolicyName": "'default'", "Policy": "p.KeyPolicy"}),),
            on_create=False,
        ),
        Aspect(
            ("EnableKeyRotation", "RotationPeriodInDays"),
            put=(
                Call(
                    "enable_key_rotation",
                    {**_KEY_ID, "RotationPeriodInDays": "p.RotationPeriodInDays"},
                    when=_ON.format("EnableKeyRotation"),
                ),
                Call("disable_key_rotation", _KEY_ID, when=_OFF.format("EnableKeyRotation")),
            ),
            remove=(Call("disable_key_rotation", _KEY_ID),),
        ),
        Aspect(
            ("Enabled",),
            put=(
                Call("enable_key", _KEY_ID, when=_ON.format("Enabled")),
                Call("disable_key", _KEY_ID, when=_OFF.format("Enabled")),
            ),
            remove=(Call("enable_key", _KEY_ID),),
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {**_KEY_ID, "Tags": "p.Tags[].{TagKey: Key, TagValue: Value}"}),),
            remove=(Call("untag_resource", {**_KEY_ID, "TagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

KEY_ALIAS = Declaration(
    type="AWS::KMS::Alias",
    service="kms",
    create=(Call("create_alias", spread=True),),
    physical_id="p.AliasName",
    update=(Call("update_alias", spread=True),),
    delete=(Call("delete_alias", {"AliasName": "id"}),),
)

_REPOSITORY = {"repositoryName": "id"}

REPOSITORY = Declaration(
    type="AWS::ECR::Repository",
    service="ecr",
    name="RepositoryName",
    name_limit=256,
    lower=True,
    create=(Call("create_repository", spread=True),),
    physical_id="made.repository.repositoryName",
    delete=(Call("delete_repository", {**_REPOSITORY, "force": "p.EmptyOnDelete"}),),
    read=Call("describe_repositories", {"repositoryNames": "[id]"}),
    attributes={
        "Arn": "read.repositories[0].repositoryArn",
        "RepositoryUri": "read.repositories[0].repositoryUri",
    },
    # Counts when the repository is deleted.
    ignored=("EmptyOnDelete",),
    aspects=(
        Aspect(
            ("LifecyclePolicy",),
            put=(
                Call(
                    "put_lifecycle_policy",
                    {**_REPOSITORY, "lifecyclePolicyText": "p.LifecyclePolicy.LifecyclePolicyText"},
                ),
            ),
            remove=(Call("delete_lifecycle_policy", _REPOSITORY),),
        ),
        Aspect(
            ("RepositoryPolicyText",),
            put=(Call("set_repository_policy", {**_REPOSITORY, "policyText": "p.RepositoryPolicyText"}),),
            remove=(Call("delete_repository_policy", _REPOSITORY),),
        ),
        Aspect(
            ("ImageTagMutability",),
            put=(
                Call(
                    "put_image_tag_mutability", {**_REPOSITORY, "imageTagMutability": "p.ImageTagMutability"}
                ),
            ),
            remove=(Call("put_image_tag_mutability", {**_REPOSITORY, "imageTagMutability": "'MUTABLE'"}),),
            on_create=False,
        ),
        Aspect(
            ("ImageScanningConfiguration",),
            put=(
                Call(
                    "put_image_scanning_configuration",
                    {**_REPOSITORY, "imageScanningConfiguration": "p.ImageScanningConfiguration"},
                ),
            ),
            on_create=False,
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {"resourceArn": "attributes.Arn", "tags": "p.Tags"}),),
            remove=(Call("untag_resource", {"resourceArn": "attributes.Arn", "tagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

_PARAMETER = {"ResourceType": "'Parameter'", "ResourceId": "id"}

SSM_PARAMETER = Declaration(
    type="AWS::SSM::Parameter",
    service="ssm",
    name="Name",
    name_limit=1011,
    create=(Call("put_parameter", spread=True),),
    physical_id="p.Name",
    update=(Call("put_parameter", {"Overwrite": "`true`"}, spread=True),),
    delete=(Call("delete_parameter", {"Name": "id"}),),
    attributes={"Type": "p.Type", "Value": "p.Value"},
    aspects=(
        # PutParameter takes no tags when it overwrites, so they always travel by themselves.
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("add_tags_to_resource", {**_PARAMETER, "Tags": "p.Tags"}),),
            remove=(Call("remove_tags_from_resource", {**_PARAMETER, "TagKeys": "gone"}),),
        ),
    ),
)

DECLARATIONS = (BUCKET, BUCKET_POLICY, KEY, KEY_ALIAS, REPOSITORY, SSM_PARAMETER)
