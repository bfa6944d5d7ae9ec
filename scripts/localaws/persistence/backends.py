"""moto's backends, where every service keeps its state: all of them go into a document, and come back out of it."""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import IAMBackend, ManagedPolicy, iam_backends
from moto.s3.models import FakeKey

from localaws.persistence.graph import GONE, READ, STAND_INS, Blobs, NotKept, Reader, Writer

LOCKS = (type(threading.Lock()), type(threading.RLock()))
_WITH_ARN = 3
_OWN = frozenset(("backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"))
"""What a table of backends is made with; anything else is state of the service."""


def write(blobs: Blobs) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the document of all backends, and what of them could not be kept."""
    tables = {_name(table): table for table in list(BackendDict._instances)}  # type: ignore[misc]  # as moto does it
    anchors = {
        id(backend): [name, account, region]
        for name, table in tables.items()
        for account, region, backend in table.iter_backends()
    }
    writer = Writer(blobs, anchors | _locks_of_modules() | _aws_policies())
    written = {
        name: {
            "own": [[key, writer.write(value)] for key, value in vars(table).items() if key not in _OWN],
            "backends": [
                [account, region, [[key, writer.write(value)] for key, value in vars(backend).items()]]
                for account, region, backend in table.iter_backends()
            ],
        }
        for name, table in tables.items()
    }
    attached = [
        [account, region, policy.arn, policy.attachment_count]
        for account, region, policy in _each_aws_policy()
        if policy.attachment_count
    ]
    return {"tables": written, "nodes": writer.nodes, "attached": attached}, writer.lost


def read(document: dict[str, Any], blobs: Blobs) -> None:
    """Put the backends of a document in place of those that this process began with."""
    _by_arn.cache_clear()
    reader = Reader(document["nodes"], blobs, _find)
    for name, written in document["tables"].items():
        table = _table(name)
        vars(table).update({key: reader.read(value) for key, value in written["own"]})
        for account, region, attributes in written["backends"]:
            _restore(table[account][region], attributes, reader)
    for account, region, arn, count in document["attached"]:
        _aws_policy(account, region, arn).attachment_count = count


def _restore(backend: BaseBackend, attributes: list[Any], reader: Reader) -> None:
    fresh = vars(backend)
    restored = {
        key: reader.read(value) for key, value in attributes if value != list(GONE) or key not in fresh
    }
    for key, value in restored.items():
        began = fresh.get(key)
        # Factories are often lambdas, which no document can name; the backend was made with the same one.
        if (
            isinstance(value, defaultdict)
            and value.default_factory is None
            and isinstance(began, defaultdict)
        ):
            value.default_factory = began.default_factory
    fresh.update(restored)


def _name(table: BackendDict[Any]) -> str:
    """Return where a table of backends is found again: its module and its variable."""
    module = table.backend.__module__
    return f"{module}:{next(key for key, value in _variables(module) if value is table)}"


def _variables(module: str) -> Iterator[tuple[str, Any]]:
    return iter(vars(importlib.import_module(module)).items())


def _table(name: str) -> BackendDict[Any]:
    module, _, variable = name.partition(":")
    if not module.startswith(("moto.", "localaws.services.")):
        raise NotKept(f"{name} is no table of backends")
    table: BackendDict[Any] = getattr(importlib.import_module(module), variable)
    return table


def _find(name: str, *place: str) -> Any:
    """Return a backend by account and region, AWS's policy in one by its ARN, or a module's lock."""
    if len(place) == _WITH_ARN:
        return _aws_policy(*place)
    if place:
        account, region = place
        return _table(name)[account][region]
    module, _, variable = name.partition(":")
    if not module.startswith("localaws."):
        raise NotKept(f"{name} is no lock of a module of ours")
    return getattr(sys.modules[module], variable)


def _locks_of_modules() -> dict[int, list[str]]:
    """Return the locks that modules of ours share with their objects."""
    return {
        id(value): [f"{module.__name__}:{key}"]
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").startswith("localaws.")
        for key, value in list(vars(module).items())
        if isinstance(value, LOCKS)
    }


def _aws_policies() -> dict[int, list[str]]:
    """Return AWS's own policies, which every account begins with: four fifths of all state, and never changed."""
    return {
        id(policy): ["moto.iam.models:iam_backends", account, region, policy.arn]
        for account, region, policy in _each_aws_policy()
    }


def _each_aws_policy() -> Iterator[tuple[str, str, ManagedPolicy]]:
    for account, region, backend in iam_backends.iter_backends():
        if isinstance(backend, IAMBackend):
            yield from ((account, region, policy) for policy in backend.aws_managed_policies)


def _aws_policy(account: str, region: str, arn: str) -> ManagedPolicy:
    return _by_arn(account, region)[arn]


@functools.cache
def _by_arn(account: str, region: str) -> dict[str, ManagedPolicy]:
    return {policy.arn: policy for policy in iam_backends[account][region].aws_managed_policies}


def _content(key: FakeKey) -> bytes:
    """Read an object's content without moving the file's position, which a forked process shares."""
    buffer: Any = key._value_buffer
    if not buffer._rolled:
        content: bytes = buffer._file.getvalue()
        return content
    return os.pread(buffer.fileno(), key.contentsize, 0)


def _blob_name(key: FakeKey) -> str:
    etag = key._etag or hashlib.md5(_content(key), usedforsecurity=False).hexdigest()
    return f"{etag.strip(chr(34))}-{key.contentsize}"


def _write_key(key: FakeKey, writer: Writer) -> dict[str, Any]:
    buffer: Any = key._value_buffer
    if buffer.closed:
        # A part of an upload that was completed: the object has the content.
        return {"_value_buffer": ["closed"]}
    name = _blob_name(key)
    writer.blobs.put(name, lambda: _content(key))
    return {"_value_buffer": ["spooled", name, key._max_buffer_size]}


def _spooled(reader: Reader, name: str, size: int) -> Any:
    buffer = tempfile.SpooledTemporaryFile(size)  # noqa: SIM115 - it lives as long as its object
    content = reader.blobs.get(name)
    if not name.endswith(f"-{len(content)}"):
        raise ValueError(f"the content {name} has {len(content)} bytes")
    buffer.write(content)
    return buffer


def _closed(_reader: Reader) -> Any:
    buffer = tempfile.SpooledTemporaryFile()  # noqa: SIM115 - it lives as long as its object
    buffer.close()
    return buffer


STAND_INS[FakeKey] = _write_key
READ["spooled"] = _spooled
READ["closed"] = _closed
