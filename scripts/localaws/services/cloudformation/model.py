"""A stack and what belongs to it: resources, events, outputs, change sets; kept per account and region."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.services.cloudformation import notices
from localaws.services.cloudformation.template import Template

TERMINAL = ("_COMPLETE", "_FAILED")


def now() -> datetime:
    """Return the present time, as API answers carry it."""
    return datetime.now(UTC)


@dataclass
class StackResource:
    """A resource that a stack owns, or owned."""

    logical_id: str
    type: str
    physical_id: str = ""
    status: str = ""
    reason: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    depends_on: set[str] = field(default_factory=set)
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Any = None
    looked_up: dict[str, str] = field(default_factory=dict)
    """The values of the properties' dynamic references, as the last create or update found them."""
    updated: datetime = field(default_factory=now)


@dataclass(frozen=True)
class StackEvent:
    """One line of a stack's history."""

    event_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: datetime
    token: str


@dataclass(frozen=True)
class Input:
    """What a stack is told to become."""

    template: Template
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()
    role_arn: str = ""
    caller_role: str = ""
    """The role of whoever asked; it acts when there is no service role."""


@dataclass
class ChangeSet:
    """A proposed change of a stack."""

    id: str
    name: str
    type: str
    input: Input
    description: str
    on_stack_failure: str
    status: str = "CREATE_PENDING"
    reason: str = ""
    execution_status: str = "UNAVAILABLE"
    changes: list[dict[str, Any]] = field(default_factory=list)
    created: datetime = field(default_factory=now)


@dataclass
class Stack:
    """A stack, living or deleted."""

    id: str
    name: str
    account: str
    region: str
    partition: str
    input: Input | None = None
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    resources: dict[str, StackResource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[StackEvent] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    termination_protection: bool = False
    on_failure: str = "ROLLBACK"
    timeout_minutes: int = 0
    created: datetime = field(default_factory=now)
    updated: datetime | None = None
    deleted: datetime | None = None
    token: str = ""
    tokens: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    rollback_to: dict[str, StackResource] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    operation: threading.Lock = field(default_factory=threading.Lock)
    """Held while an operation runs: a delete that interrupts a create waits for its end."""
    abandoned: threading.Event = field(default_factory=threading.Event)
    """Set when the stack is to be deleted: the running create gives up."""

    @property
    def in_progress(self) -> bool:
        """Whether an operation runs."""
        return not self.status.endswith(TERMINAL) and self.status != "REVIEW_IN_PROGRESS"

    @property
    def role_arn(self) -> str:
        """The service role, empty when there is none."""
        return self.input.role_arn if self.input else ""

    @property
    def acting_role(self) -> str:
        """The role that the stack's calls are made with, empty for the service itself."""
        return self.role_arn or (self.input.caller_role if self.input else "")

    def pseudo_parameters(self) -> dict[str, Any]:
        """Return the values of the ``AWS::`` parameters."""
        suffix = {"aws-cn": "amazonaws.com.cn"}.get(self.partition, "amazonaws.com")
        return {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": suffix,
        }

    def set_status(self, status: str, reason: str = "") -> None:
        """Move the stack to ``status`` and record the event."""
        with self.lock:
            self.status, self.reason = status, reason
            self._record(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)
        notices.stack_changed(self.region, self.id, status, reason, self.token)

    def set_resource_status(self, resource: StackResource, status: str, reason: str = "") -> None:
        """Move a resource to ``status`` and record the event."""
        with self.lock:
            resource.status, resource.reason, resource.updated = status, reason, now()
            self._record(
                resource.logical_id,
                resource.physical_id,
                resource.type,
                status,
                reason,
            )

    def _record(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str) -> None:
        event_id = f"{logical_id}-{status}-{uuid.uuid4()}" if physical_id != self.id else str(uuid.uuid4())
        self.events.append(
            StackEvent(event_id, logical_id, physical_id, kind, status, reason, now(), self.token)
        )


class StackStore:
    """Every stack of one account and region."""

    def __init__(self) -> None:
        self.stacks: dict[str, Stack] = {}
        self.lock = threading.RLock()

    def living(self, name_or_id: str) -> Stack | None:
        """Return the stack of this name that is not deleted, or of this id."""
        if name_or_id in self.stacks:
            return self.stacks[name_or_id]
        for stack in self.stacks.values():
            if stack.name == name_or_id and stack.status != "DELETE_COMPLETE":
                return stack
        return None

    def exports(self) -> dict[str, tuple[str, Stack]]:
        """Return every export's value and the stack that it comes from."""
        return {
            output["ExportName"]: (output["OutputValue"], stack)
            for stack in self.stacks.values()
            if stack.status != "DELETE_COMPLETE"
            for output in stack.outputs
            if "ExportName" in output
        }
