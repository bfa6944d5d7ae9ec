"""Grafts operations onto a moto response class: parsed parameters come in, a dictionary in API shape goes out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from botocore import xform_name
from moto.core.base_backend import BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from localaws import coverage, strict

State = TypeVar("State")

_state_lock = threading.Lock()


@dataclass(frozen=True)
class Request:
    """One API call: who asks, where, and for what (parameters under botocore's names and types)."""

    account: str
    region: str
    access_key: str
    params: Mapping[str, Any]

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` ..."""
        return get_partition(self.region)

    @property
    def caller_arn(self) -> str:
        """The ARN that STS GetCallerIdentity answers to this caller."""
        backend = sts_backends[self.account][self.partition]
        return str(backend.get_caller_identity(self.access_key, self.region)[1])

    @property
    def caller_role(self) -> str:
        """The ARN of the role that the caller has assumed, empty for anyone else."""
        *_, account, resource = self.caller_arn.split(":", 5)
        kind, *names = resource.split("/")
        return f"arn:{self.partition}:iam::{account}:role/{names[0]}" if kind == "assumed-role" else ""


Operation = Callable[[Request], Mapping[str, Any] | None]


def graft(
    response_class: type[BaseResponse],
    service: str,
    operations: Mapping[str, Operation],
    approximated: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make ``response_class`` answer ``operations`` in place of moto's own.

    Parameters
    ----------
    response_class
        moto's class of the service.
    service
        The service as botocore calls it.
    operations
        API operation name -> function.
    approximated
        What those of them do less or otherwise than AWS, in words for docs/fidelity.md.
    """
    coverage.answers(service, operations, approximated)
    for name, operation in operations.items():
        setattr(response_class, camelcase_to_underscores(name), _method(service, name, operation))


def refuse_others(response_class: type[BaseResponse], service: str, known: Mapping[str, Operation]) -> None:
    """Answer every operation of ``service`` that is not ``known`` with an error that names it."""
    others = [name for name in get_service_model(service).operation_names if name not in known]
    coverage.refuses(service, others)
    for name in others:
        setattr(response_class, camelcase_to_underscores(name), _method(service, name, _refusal(name)))


def state_of(backend: BaseBackend, factory: Callable[[], State]) -> State:
    """Return the state that a service of ours keeps on a moto backend, made when missing, gone with a reset."""
    key = f"_localaws_{xform_name(factory.__name__)}"
    with _state_lock:
        state: State = backend.__dict__.setdefault(key, None) or factory()
        backend.__dict__[key] = state
        return state


def page(
    items: Sequence[State], token: str | None, size: int | None, default: int = 100
) -> tuple[list[State], str | None]:
    """Return one page of ``items`` and the token of the next, None on the last page."""
    if token and not token.isdigit():
        raise ServiceException("ValidationException", f"The page token {token} is not one of ours.")
    first = int(token or 0)
    last = first + (size or default)
    return list(items[first:last]), str(last) if last < len(items) else None


def _refusal(name: str) -> Operation:
    def refuse(_: Request) -> None:
        raise ServiceException("UnsupportedOperation", f"localaws does not support the operation {name}.")

    return refuse


def _method(service: str, name: str, operation: Operation) -> Callable[[BaseResponse], ActionResult]:
    def method(self: BaseResponse) -> ActionResult:
        self.automated_parameter_parsing = True
        self.parse_parameters(self.normalized_request)
        request = Request(self.current_account, self.region, self.get_access_key(), self.params)
        result = operation(request)
        strict.check_result(service, name, result)
        return ActionResult(result)

    method.__doc__ = f"Answer a {service} request by {getattr(operation, '__name__', operation)}."
    return method
