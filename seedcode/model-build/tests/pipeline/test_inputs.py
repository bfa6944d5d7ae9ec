"""Data and step code lie in S3 under their own hash."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from churn import step_code
from churn.data_source import locate_data
from churn.errors import PlatformError, UserError
from churn.step_code import EVALUATE, PREPROCESS, StepCode
from churn.synthetic import make_customers

KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


class FakeS3:
    """Keeps objects in memory and what they were encrypted with."""

    def __init__(self, objects: dict[tuple[str, str], bytes] | None = None, error: str = "NoSuchKey") -> None:
        self.objects = objects or {}
        self.keys: set[str] = set()
        self._error = error

    def get_object(self, **request: Any) -> Any:
        content = self.objects.get((request["Bucket"], request["Key"]))
        if content is None:
            raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, "GetObject")
        return {"Body": StreamingBody(io.BytesIO(content), len(content)), "ContentLength": len(content)}

    def put_object(self, **request: Any) -> None:
        assert request["ServerSideEncryption"] == "aws:kms"
        self.objects[request["Bucket"], request["Key"]] = request["Body"]
        self.keys.add(request["SSEKMSKeyId"])


def test_the_given_object_is_hashed() -> None:
    content = b"x" * 3_000_000
    source = locate_data(FakeS3({("data", "a/b.csv"): content}), "s3://data/a/b.csv", "bucket", KEY)
    assert (source.uri, source.sha256) == ("s3://data/a/b.csv", hashlib.sha256(content).hexdigest())


def test_without_a_location_sample_customers_are_put_under_their_hash() -> None:
    s3 = FakeS3()
    source = locate_data(s3, "", "bucket", KEY)
    content = make_customers().encode()
    assert source.uri == f"s3://bucket/data/sample/{hashlib.sha256(content).hexdigest()}.csv"
    assert s3.objects["bucket", source.uri.removeprefix("s3://bucket/")] == content
    assert s3.keys == {KEY}


def test_a_missing_object_is_the_user_s_to_fix() -> None:
    with pytest.raises(UserError, match=r"there is no object s3://data/a\.csv"):
        locate_data(FakeS3(), "s3://data/a.csv", "bucket", KEY)


def test_an_object_that_may_not_be_read_is_the_platform_s_to_fix() -> None:
    with pytest.raises(PlatformError, match=r"cannot read the data at s3://data/a\.csv"):
        locate_data(FakeS3(error="AccessDenied"), "s3://data/a.csv", "bucket", KEY)


def test_an_empty_object_is_refused() -> None:
    with pytest.raises(UserError, match="is empty"):
        locate_data(FakeS3({("data", "a.csv"): b""}), "s3://data/a.csv", "bucket", KEY)


@pytest.mark.parametrize("code", [PREPROCESS, EVALUATE])
def test_a_step_s_code_is_uploaded_as_a_package_under_its_hash(code: StepCode) -> None:
    s3 = FakeS3()
    prefix = code.upload(s3, "bucket", KEY)
    assert prefix == f"s3://bucket/code/{code.digest}/"
    names = {key.removeprefix(f"code/{code.digest}/churn/") for _, key in s3.objects}
    assert names == {"__init__.py", *code.files}
    assert f"{code.module}.py" in names


def test_the_hash_changes_with_the_code_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = PREPROCESS.digest
    assert StepCode(PREPROCESS.module, PREPROCESS.files).digest == before
    for name in ("__init__.py", *PREPROCESS.files):
        (tmp_path / name).write_bytes((step_code.PACKAGE / name).read_bytes())
    monkeypatch.setattr(step_code, "PACKAGE", tmp_path)
    assert PREPROCESS.digest == before
    (tmp_path / "preprocess.py").write_text("# changed\n")
    assert PREPROCESS.digest != before
