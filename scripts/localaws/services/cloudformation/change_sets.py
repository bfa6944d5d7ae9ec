"""Change sets: a proposed create or update is kept, shown, and carried out or dropped."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from localaws.operations import Operation, Request, page
from localaws.services.cloudformation.errors import (
    AlreadyExists,
    ChangeSetNotFound,
    InvalidChangeSetStatus,
    ValidationError,
)
from localaws.services.cloudformation.evaluation import Evaluation
from localaws.services.cloudformation.executor import Executor, import_value, start
from localaws.services.cloudformation.intake import take_in, template_text
from localaws.services.cloudformation.model import ChangeSet, Input, Stack, StackStore
from localaws.services.cloudformation.plan import anything_else_changed, plan
from localaws.services.cloudformation.stacks import (
    begin,
    existing,
    new_stack,
    start_update,
    store_of,
    updatable,
)
from localaws.services.cloudformation.views import shown_parameters

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


def create_change_set(request: Request) -> Mapping[str, Any]:
    """Compute what a template and parameters would change."""
    params, store = request.params, store_of(request)
    name, kind = str(params["ChangeSetName"]), params.get("ChangeSetType") or "UPDATE"
    if not _NAME.fullmatch(name):
        raise ValidationError(f"Value '{name}' at 'changeSetName' must match [a-zA-Z][-a-zA-Z0-9]*")
    if kind == "IMPORT" or params.get("ResourcesToImport"):
        raise ValidationError("localaws does not support change sets of type IMPORT")
    stack, current = _target(request, store, kind)
    if name in stack.change_sets:
        raise AlreadyExists(f"ChangeSet {name} cannot be created due to a mismatch with existing attribute")
    wanted = take_in(request, template_text(request, current.template.body if current else ""), current)
    change_set = ChangeSet(
        id=f"arn:{request.partition}:cloudformation:{request.region}:{request.account}:changeSet/{name}/{uuid.uuid4()}",
        name=name,
        type=kind,
        input=wanted,
        description=params.get("Description") or "",
        on_stack_failure=params.get("OnStackFailure") or "ROLLBACK",
    )
    stack.change_sets[name] = change_set
    _compute(store, stack, change_set)
    return {"Id": change_set.id, "StackId": stack.id}


def describe_change_set(request: Request) -> Mapping[str, Any]:
    """Show a change set and its changes."""
    stack, change_set = find(store_of(request), request.params)
    changes, token = page(change_set.changes, request.params.get("NextToken"), None)
    return {
        **_summary(stack, change_set),
        "Changes": changes,
        "NextToken": token,
        "Parameters": shown_parameters(change_set.input),
        "Tags": [{"Key": key, "Value": value} for key, value in change_set.input.tags.items()],
        "Capabilities": list(change_set.input.capabilities),
        "OnStackFailure": change_set.on_stack_failure,
        "NotificationARNs": [],
    }


def list_change_sets(request: Request) -> Mapping[str, Any]:
    """List a stack's change sets."""
    stack = existing(store_of(request), request.params["StackName"], "Stack [{}] does not exist")
    shown, token = page(list(stack.change_sets.values()), request.params.get("NextToken"), None)
    return {"Summaries": [_summary(stack, item) for item in shown], "NextToken": token}


def execute_change_set(request: Request) -> Mapping[str, Any]:
    """Carry a change set out; it and its siblings are gone after that."""
    store, params = store_of(request), request.params
    stack, change_set = find(store, params)
    if change_set.execution_status != "AVAILABLE":
        raise InvalidChangeSetStatus(
            f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{change_set.status}]"
        )
    if change_set.type == "UPDATE":
        updatable(stack)
    change_set.execution_status = "EXECUTE_IN_PROGRESS"
    stack.change_sets = {change_set.name: change_set}
    if change_set.type == "UPDATE":
        start_update(store, stack, change_set.input, params)
        return {}
    stack.on_failure = "DO_NOTHING" if params.get("DisableRollback") else change_set.on_stack_failure
    begin(stack, params, "CREATE_IN_PROGRESS")
    start(stack, "create", lambda: Executor(store, stack).create(change_set.input))
    return {}


def delete_change_set(request: Request) -> Mapping[str, Any]:
    """Drop a change set; one that is gone is no error when its stack is named."""
    try:
        stack, change_set = find(store_of(request), request.params)
    except ChangeSetNotFound:
        if request.params.get("StackName"):
            return {}
        raise
    del stack.change_sets[change_set.name]
    return {}


def find(store: StackStore, params: Mapping[str, Any]) -> tuple[Stack, ChangeSet]:
    """Return the change set that a request names by ARN, or by name and stack."""
    wanted = str(params["ChangeSetName"])
    if params.get("StackName"):
        candidates = [existing(store, params["StackName"], "Stack [{}] does not exist")]
    else:
        candidates = list(store.stacks.values())
    for stack in candidates:
        for change_set in stack.change_sets.values():
            if change_set.id == wanted or (params.get("StackName") and change_set.name == wanted):
                return stack, change_set
    raise ChangeSetNotFound(f"ChangeSet [{wanted}] does not exist")


def _target(request: Request, store: StackStore, kind: str) -> tuple[Stack, Input | None]:
    name = request.params["StackName"]
    stack = store.living(name)
    if kind == "UPDATE":
        found = existing(store, name, "Stack [{}] does not exist")
        return found, updatable(found)
    if stack is None:
        # Checked before the stack is registered: a bad template leaves nothing behind.
        take_in(request, template_text(request))
        stack = new_stack(request, store, name)
        stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
    elif stack.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            f"Stack [{name}] already exists and cannot be created again with the changeSet "
            f"[{request.params['ChangeSetName']}]."
        )
    return stack, None


def _compute(store: StackStore, stack: Stack, change_set: ChangeSet) -> None:
    wanted = change_set.input
    evaluation = Evaluation(stack, wanted, stack.resources, lambda name: import_value(store, name))
    change_set.changes = [change.shown() for change in plan(stack, evaluation)]
    if change_set.changes or anything_else_changed(stack, wanted, evaluation):
        change_set.status, change_set.execution_status = "CREATE_COMPLETE", "AVAILABLE"
    else:
        change_set.status, change_set.reason = "FAILED", _NO_CHANGES


def _summary(stack: Stack, change_set: ChangeSet) -> dict[str, Any]:
    shown = {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": change_set.id,
        "ChangeSetName": change_set.name,
        "ExecutionStatus": change_set.execution_status,
        "Status": change_set.status,
        "CreationTime": change_set.created,
    }
    optional = {"StatusReason": change_set.reason, "Description": change_set.description}
    return shown | {name: value for name, value in optional.items() if value}


OPERATIONS: dict[str, Operation] = {
    "CreateChangeSet": create_change_set,
    "DeleteChangeSet": delete_change_set,
    "DescribeChangeSet": describe_change_set,
    "ExecuteChangeSet": execute_change_set,
    "ListChangeSets": list_change_sets,
}
