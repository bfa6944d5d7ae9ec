"""S3 buckets and their policies."""

from __future__ import annotations

from localaws.services.cloudformation.resources.bucket_properties import as_the_api_writes
from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration

_BUCKET_ID = {"Bucket": "id"}
# A bucket that names no other keeps its own log.
_LOGGING = "{LoggingEnabled: merge({TargetBucket: id, TargetPrefix: ''}, p.LoggingConfiguration)}"


def _setting(name: str, put: str, parameter: str, remove: str = "", nothing: str = "`{}`") -> Aspect:
    """Return a property of a bucket that one call sets, and another, or the same with nothing in it, takes back."""
    taken_back = Call(remove, _BUCKET_ID) if remove else Call(put, {**_BUCKET_ID, parameter: nothing})
    return Aspect((name,), put=(Call(put, {**_BUCKET_ID, parameter: f"p.{name}"}),), remove=(taken_back,))


BUCKET = Declaration(
    type="AWS::S3::Bucket",
    service="s3",
    name="BucketName",
    name_limit=63,
    lower=True,
    prepare=as_the_api_writes,
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
        "DualStackDomainName": "join('', [id, '.s3.dualstack.', region, '.amazonaws.com'])",
        "RegionalDomainName": "join('', [id, '.s3.', region, '.amazonaws.com'])",
        "WebsiteURL": "join('', ['http://', id, '.s3-website-', region, '.amazonaws.com'])",
    },
    aspects=(
        _setting(
            "OwnershipControls",
            "put_bucket_ownership_controls",
            "OwnershipControls",
            "delete_bucket_ownership_controls",
        ),
        _setting(
            "PublicAccessBlockConfiguration",
            "put_public_access_block",
            "PublicAccessBlockConfiguration",
            "delete_public_access_block",
        ),
        _setting(
            "BucketEncryption",
            "put_bucket_encryption",
            "ServerSideEncryptionConfiguration",
            "delete_bucket_encryption",
        ),
        _setting(
            "VersioningConfiguration",
            "put_bucket_versioning",
            "VersioningConfiguration",
            nothing="{Status: 'Suspended'}",
        ),
        _setting(
            "LifecycleConfiguration",
            "put_bucket_lifecycle_configuration",
            "LifecycleConfiguration",
            "delete_bucket_lifecycle",
        ),
        Aspect(
            ("LoggingConfiguration",),
            put=(Call("put_bucket_logging", {**_BUCKET_ID, "BucketLoggingStatus": _LOGGING}),),
            remove=(Call("put_bucket_logging", {**_BUCKET_ID, "BucketLoggingStatus": "`{}`"}),),
        ),
        _setting(
            "NotificationConfiguration",
            "put_bucket_notification_configuration",
            "NotificationConfiguration",
        ),
        _setting("CorsConfiguration", "put_bucket_cors", "CORSConfiguration", "delete_bucket_cors"),
        _setting(
            "WebsiteConfiguration", "put_bucket_website", "WebsiteConfiguration", "delete_bucket_website"
        ),
        _setting("AccessControl", "put_bucket_acl", "ACL", nothing="'private'"),
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

DECLARATIONS = (BUCKET, BUCKET_POLICY)
