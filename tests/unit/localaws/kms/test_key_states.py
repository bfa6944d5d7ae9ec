"""A key that is disabled or pending deletion works for nobody, neither by KMS nor by S3; enabled, it works again."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws

REGION = "eu-west-1"


@pytest.fixture
def kms(localaws: LocalAws) -> Any:
    return localaws.client("kms", REGION)


@pytest.fixture
def key(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_disabled_key_neither_encrypts_nor_decrypts(kms: Any, key: str) -> None:
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError, match="is disabled") as refused:
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert code(refused) == "DisabledException"
    with pytest.raises(ClientError, match="is disabled"):
        kms.decrypt(CiphertextBlob=secret)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"


def test_a_key_that_is_to_be_deleted_makes_no_data_keys(kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with pytest.raises(ClientError, match="PendingDeletion") as refused:
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert code(refused) == "KMSInvalidStateException"


def test_objects_under_a_disabled_key_are_out_of_reach(localaws: LocalAws, kms: Any, key: str) -> None:
    s3 = localaws.client("s3", REGION)
    s3.create_bucket(Bucket="things", CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="things", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="things", Key="a", Body=b"a")
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError, match="is disabled") as refused:
        s3.get_object(Bucket="things", Key="a")
    assert code(refused) == "KMS.DisabledException"
    with pytest.raises(ClientError, match="is disabled"):
        s3.put_object(Bucket="things", Key="b", Body=b"b")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="things")["Contents"]] == ["a"]
    s3.delete_object(Bucket="things", Key="a")
    kms.enable_key(KeyId=key)
    s3.put_object(Bucket="things", Key="b", Body=b"b")
    assert s3.get_object(Bucket="things", Key="b")["Body"].read() == b"b"
