"""Repairs KMS: with a key that is not enabled nothing is encrypted or decrypted, by KMS itself or by S3 in its name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.kms.models import KmsBackend, kms_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeKey, S3Backend

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]
ENABLED = "Enabled"


def install() -> None:
    """Look at a key's state before it is used, and take its ARN where moto wants its id."""
    wrapped: tuple[tuple[type, str, Wrap], ...] = (
        (KmsBackend, "enable_key", _by_any_name),
        (KmsBackend, "disable_key", _by_any_name),
        (KmsBackend, "schedule_key_deletion", _by_any_name),
        (KmsBackend, "cancel_key_deletion", _by_any_name),
        (KmsBackend, "encrypt", _keyed),
        (KmsBackend, "generate_data_key", _keyed),
        (KmsBackend, "decrypt", _decrypt),
        (KmsBackend, "re_encrypt", _decrypt),
        (S3Backend, "put_object", _put_object),
        (S3Backend, "get_object", _get_object),
    )
    for owner, name, wrap in wrapped:
        setattr(owner, name, wrap(getattr(owner, name)))


def _by_any_name(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(backend: KmsBackend, key_id: str, *arguments: Any, **keywords: Any) -> Any:
        return method(backend, backend.any_id_to_key_id(key_id), *arguments, **keywords)

    return call


def _keyed(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(backend: KmsBackend, key_id: str, *arguments: Any, **keywords: Any) -> Any:
        _require(backend, key_id)
        return method(backend, key_id, *arguments, **keywords)

    return call


def _decrypt(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(backend: KmsBackend, *arguments: Any, **keywords: Any) -> Any:
        answer = method(backend, *arguments, **keywords)
        # Which keys were used stands in the ciphertexts: moto tells their ARNs at the end of its answer.
        for key in answer[1:]:
            _require(backend, key)
        return answer

    return call


def _put_object(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(backend: S3Backend, bucket_name: str, *arguments: Any, **keywords: Any) -> FakeKey:
        bucket = backend.get_bucket(bucket_name)
        _require_for_object(bucket, keywords.get("kms_key_id") or _default_key(bucket))
        written: FakeKey = method(backend, bucket_name, *arguments, **keywords)
        return written

    return call


def _get_object(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(backend: S3Backend, bucket_name: str, *arguments: Any, **keywords: Any) -> FakeKey | None:
        found: FakeKey | None = method(backend, bucket_name, *arguments, **keywords)
        if isinstance(found, FakeKey):
            _require_for_object(backend.get_bucket(bucket_name), found.kms_key_id)
        return found

    return call


def _default_key(bucket: FakeBucket) -> str | None:
    rule = (bucket.encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    key: str | None = rule.get("KMSMasterKeyID")
    return key


def _require_for_object(bucket: FakeBucket, key: str | None) -> None:
    """Refuse what S3 would do with a key that is not enabled; a key of nobody here is not looked at."""
    if not key:
        return
    region = key.split(":")[3] if key.startswith("arn:") else bucket.region_name
    try:
        _require(kms_backends[bucket.account_id][region], key)
    except ServiceException as error:
        raise S3ClientError(f"KMS.{error.code}", error.message) from error


def _require(backend: KmsBackend, key_id: str) -> None:
    key = backend.keys.get(backend.any_id_to_key_id(key_id))
    if key is None or key.key_state == ENABLED:
        return
    if key.key_state == "Disabled":
        raise ServiceException("DisabledException", f"{key.arn} is disabled.")
    raise ServiceException("KMSInvalidStateException", f"{key.arn} is {key.key_state}.")
