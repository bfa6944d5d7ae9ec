"""Repairs of moto's core that every service needs; what one service needs is repaired in its own module."""

from __future__ import annotations

import collections
import functools
import json
from collections.abc import Callable
from typing import Any

import moto.core.errors
from moto.core.base_backend import BackendDict
from moto.core.model import ServiceModel
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.logs.models import LogEvent

from localaws import accounts

_service_model_of = moto.core.errors.get_exception_service_model

_make_backend: Callable[[Any, str], None] = BackendDict._create_account_specific_backend


def _service_model(exception: Exception) -> ServiceModel | None:
    return None if exception.__module__.startswith("moto.core.") else _service_model_of(exception)


def _accept(*_: Any, **__: Any) -> None:
    """Accept error codes that a service's model does not list: refusals of ours and AWS's common errors."""


def _make_missing_backend(backends: Any, account: str) -> None:
    if account not in backends:
        _make_backend(backends, account)


@functools.cache
def _managed_policies_of_aws() -> tuple[AWSManagedPolicy, ...]:
    everything: dict[str, Any] = json.loads(aws_managed_policies_data)
    return tuple(
        AWSManagedPolicy.from_data(name, DEFAULT_ACCOUNT_ID, "global", data)
        for name, data in everything.items()
    )


def _managed_policies(backend: IAMBackend) -> list[AWSManagedPolicy]:
    """Return AWS's managed policies of the commercial partition, the same in all accounts but for who is attached.

    Every request makes moto look an access key up in all partitions; thousands of policies in each of them would take
    half a second.
    """
    return [_twin(policy) for policy in _managed_policies_of_aws()] if backend.partition == "aws" else []


def _twin(policy: AWSManagedPolicy) -> AWSManagedPolicy:
    """Return a copy that is not remembered for good, as every instance of moto's models is that its class makes."""
    twin = object.__new__(type(policy))
    vars(twin).update(vars(policy))
    return twin


def install() -> None:
    """Repair moto 5.2.5.

    Serialising a plain ``moto.core.exceptions.ServiceException`` fails: its module is taken for the service ``core``.
    An error code outside of a service's model is warned about. IAM knows AWS's managed policies only when told to.
    The keys of accounts' roots are ours. Every instance of a model is remembered for good: of log events, which
    streams forget, there is no end. Each look-up of an account takes a lock that all share, and walks through all
    services in it: requests stood in line there.
    """
    for owner, name, repair in (
        (moto.core.errors, "get_exception_service_model", _service_model),
        (moto.core.errors, "warn", _accept),
        (IAMBackend, "_init_aws_policies", _managed_policies),
        (BackendDict, "_create_account_specific_backend", _make_missing_backend),
        (LogEvent, "instances_tracked", collections.deque(maxlen=0)),
        accounts.repairs(),
    ):
        setattr(owner, name, repair)
