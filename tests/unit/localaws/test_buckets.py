"""What is asked of a bucket is answered, or refused by name, and never with a list of its objects."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws


def test_the_owner_pays_and_what_moto_lacks_is_named(localaws: LocalAws) -> None:
    s3 = localaws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="things")
    s3.put_object(Bucket="things", Key="a", Body=b"x")
    assert s3.get_bucket_request_payment(Bucket="things")["Payer"] == "BucketOwner"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="things")["Contents"]] == ["a"]
    with pytest.raises(ClientError, match="s3 has no analytics of buckets"):
        s3.list_bucket_analytics_configurations(Bucket="things")


def test_a_deleted_object_can_be_deleted_once_versioning_is_suspended(localaws: LocalAws) -> None:
    s3 = localaws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="things")
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket="things", VersioningConfiguration={"Status": status})
        s3.put_object(Bucket="things", Key="a", Body=b"x")
        s3.delete_object(Bucket="things", Key="a")
    s3.delete_bucket(Bucket="things")
