"""Stacks by name: found, registered, checked for what may be done to them, and set in motion."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from moto.cloudformation.models import cloudformation_backends

from localaws.operations import Request, state_of
from localaws.services.cloudformation.errors import AlreadyExists, ValidationError
from localaws.services.cloudformation.executor import Executor, start
from localaws.services.cloudformation.model import Input, Stack, StackStore

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_FAILED",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)


def store_of(request: Request) -> StackStore:
    """Return the stacks of the caller's account and region."""
    return state_of(cloudformation_backends[request.account][request.region], StackStore)


def start_update(store: StackStore, stack: Stack, wanted: Input, params: Mapping[str, Any]) -> None:
    """Begin an update in the background."""
    begin(stack, params, "UPDATE_IN_PROGRESS")
    disable = bool(params.get("DisableRollback"))
    start(stack, "update", lambda: Executor(store, stack).update(wanted, disable))


def new_stack(request: Request, store: StackStore, name: str) -> Stack:
    """Register a stack of this name, or refuse when the name is bad or taken."""
    if not _NAME.fullmatch(name):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    with store.lock:
        if store.living(name):
            raise AlreadyExists(f"Stack [{name}] already exists")
        stack = Stack(
            id=f"arn:{request.partition}:cloudformation:{request.region}:{request.account}:stack/{name}/{uuid.uuid4()}",
            name=name,
            account=request.account,
            region=request.region,
            partition=request.partition,
        )
        store.stacks[stack.id] = stack
        return stack


def existing(store: StackStore, name: str, message: str = "Stack with id {} does not exist") -> Stack:
    """Return a stack by name or id, or refuse in ``message``'s words."""
    stack = store.living(name)
    if stack is None:
        raise ValidationError(message.format(name))
    return stack


def updatable(stack: Stack) -> Input:
    """Return the stack's present input, or refuse when it cannot be updated now."""
    if stack.status not in _UPDATABLE or stack.input is None:
        raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    return stack.input


def begin(stack: Stack, params: Mapping[str, Any], status: str) -> None:
    with stack.lock:
        stack.token = params.get("ClientRequestToken") or ""
        stack.tokens |= {stack.token} - {""}
        stack.set_status(status, "User Initiated")


def living_by_token(store: StackStore, params: Mapping[str, Any]) -> Stack | None:
    stack = store.living(params["StackName"])
    return stack if stack and params.get("ClientRequestToken") in stack.tokens else None


def on_failure(params: Mapping[str, Any]) -> str:
    if params.get("OnFailure") and params.get("DisableRollback"):
        raise ValidationError("You can specify either DisableRollback or OnFailure, but not both.")
    return "DO_NOTHING" if params.get("DisableRollback") else str(params.get("OnFailure") or "ROLLBACK")


def owner_of(store: StackStore, physical_id: str) -> Stack:
    for stack in store.stacks.values():
        if any(resource.physical_id == physical_id for resource in stack.resources.values()):
            return stack
    raise ValidationError(f"Stack for {physical_id} does not exist")


def newest_first(store: StackStore) -> list[Stack]:
    return sorted(store.stacks.values(), key=lambda stack: stack.created, reverse=True)
