"""A template and its parameters come in; CloudFormation has deployed them by change set, and the outputs go out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from uuid import uuid4

from botocore.exceptions import ClientError

from mlproject.errors import PlatformError, UserError

if TYPE_CHECKING:
    import boto3
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.literals import ChangeSetTypeType
    from types_boto3_cloudformation.type_defs import ParameterTypeDef, StackEventTypeDef, StackTypeDef

    from mlproject.console import Progress

_POLL_SECONDS = 1.0
_NOTHING_TO_CHANGE = ("didn't contain changes", "No updates are to be performed")
# A stack in one of these can be updated.
_SETTLED = (
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
)


@dataclass(frozen=True)
class Stack:
    """A stack that exists.

    Attributes
    ----------
    outputs, parameters
        By key.
    """

    outputs: Mapping[str, str]
    parameters: Mapping[str, str]


class TemplateSource(TypedDict, total=False):
    """Where a template is: in the request itself (at most 51,200 bytes), or in S3."""

    TemplateBody: str
    TemplateURL: str


def read(session: boto3.Session, name: str) -> Stack | None:
    """Return the stack of this name, or None if nothing of it was ever deployed."""
    found = _describe(session.client("cloudformation"), name)
    if found is None or found["StackStatus"] in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        return None
    return Stack(
        {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])},
        {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])},
    )


def deploy(
    session: boto3.Session,
    name: str,
    template: TemplateSource,
    parameters: Mapping[str, str],
    progress: Progress,
) -> Stack:
    """Create or update the stack and wait for it; nothing happens if there is nothing to change.

    Parameters that the template does not have (any more) are left out.

    Raises
    ------
    UserError
        The template or a parameter is refused, or the stack is in no state to be changed.
    PlatformError
        The deployment failed; the message is the first resource's reason.
    """
    client = session.client("cloudformation")
    known = _parameters_of(client, template)
    kind = _kind(client, name)
    change_set = f"publish-{uuid4().hex}"
    try:
        client.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType=kind,
            **template,
            Parameters=[_parameter(key, value) for key, value in parameters.items() if key in known],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
    except ClientError as error:
        raise UserError(
            f"CloudFormation refuses stack {name}: {error.response['Error']['Message']}"
        ) from error
    if _has_changes(client, name, change_set):
        earlier = {event["EventId"] for event in _events(client, name)}
        client.execute_change_set(StackName=name, ChangeSetName=change_set)
        _follow(client, name, earlier, progress)
    else:
        client.delete_change_set(StackName=name, ChangeSetName=change_set)
    deployed = read(session, name)
    if deployed is None:
        raise PlatformError(f"stack {name} is gone: look at its events in CloudFormation")
    return deployed


def failure(session: boto3.Session, name: str) -> str:
    """Return why the last operation on the stack failed: the first resource that did, and its reason."""
    events = _events(session.client("cloudformation"), name)
    # The last operation began with the stack's own last event of a beginning.
    begun = [
        number
        for number, event in enumerate(events)
        if event.get("LogicalResourceId") == event.get("StackName")
        and event.get("ResourceStatus") in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
    ]
    return _first_failure(events[begun[-1] :] if begun else events)


def _kind(client: CloudFormationClient, name: str) -> ChangeSetTypeType:
    """Say what kind of change set the stack needs; the remains of a first deployment that failed are removed."""
    found = _describe(client, name)
    if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
        return "CREATE"
    status = found["StackStatus"]
    if status == "ROLLBACK_COMPLETE":
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name)
        return "CREATE"
    if status not in _SETTLED:
        raise UserError(f"stack {name} is {status}: let it come to rest or repair it, then publish again")
    return "UPDATE"


def _parameters_of(client: CloudFormationClient, template: TemplateSource) -> set[str]:
    try:
        return {p["ParameterKey"] for p in client.validate_template(**template)["Parameters"]}
    except ClientError as error:
        raise UserError(
            f"CloudFormation refuses the template: {error.response['Error']['Message']}"
        ) from error


def _parameter(key: str, value: str) -> ParameterTypeDef:
    return {"ParameterKey": key, "ParameterValue": value}


def _has_changes(client: CloudFormationClient, name: str, change_set: str) -> bool:
    while True:
        found = client.describe_change_set(StackName=name, ChangeSetName=change_set)
        if found["Status"] == "CREATE_COMPLETE":
            return True
        reason = found.get("StatusReason", "")
        if found["Status"] == "FAILED":
            if any(words in reason for words in _NOTHING_TO_CHANGE):
                return False
            raise UserError(f"the change set of stack {name} failed: {reason}")
        time.sleep(_POLL_SECONDS)


def _follow(client: CloudFormationClient, name: str, earlier: set[str], progress: Progress) -> None:
    """Tell each event that is not an ``earlier`` one until the stack is at rest."""
    told = set(earlier)
    while True:
        stack = _describe(client, name)
        status = stack["StackStatus"] if stack else "gone"
        events = [event for event in _events(client, name) if event["EventId"] not in earlier]
        for event in events:
            if event["EventId"] not in told:
                told.add(event["EventId"])
                progress(f"{event.get('LogicalResourceId', '')} {event.get('ResourceStatus', '')}")
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(_POLL_SECONDS)
    if status not in _SETTLED or "ROLLBACK" in status:
        raise PlatformError(f"stack {name} is {status}: {_first_failure(events)}")


def _events(client: CloudFormationClient, name: str) -> list[StackEventTypeDef]:
    """Return the newest events, oldest first."""
    return client.describe_stack_events(StackName=name)["StackEvents"][::-1]


def _first_failure(events: list[StackEventTypeDef]) -> str:
    for event in events:
        reason = event.get("ResourceStatusReason", "")
        if event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason:
            return f"{event.get('LogicalResourceId', '')}: {reason}"
    return "look at its events in CloudFormation"


def _describe(client: CloudFormationClient, name: str) -> StackTypeDef | None:
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
