"""What a resource provider is: one resource's job comes in, its physical id and attributes go out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from localaws.runtime import runtime
from localaws.services.cloudformation.errors import ResourceFailure


@dataclass(frozen=True)
class Job:
    """What to do with one resource.

    Attributes
    ----------
    properties, old
        Evaluated properties as they should be, and as they are (empty on create).
    physical_id
        The id that the resource has; empty on create.
    tags
        The stack's tags, which resources inherit.
    cancelled
        Set when the operation is given up: a job that waits must end.
    """

    stack_id: str
    stack_name: str
    logical_id: str
    type: str
    account: str
    region: str
    partition: str
    role_arn: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    old: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def client(self, service: str) -> Any:
        """Return a client of ``service`` that acts as the stack's role."""
        return runtime().client(service, self.region, self.role_arn, self.account)

    def pause(self, seconds: float) -> None:
        """Wait between two looks at a resource; raise when the operation was given up meanwhile."""
        if self.cancelled.wait(seconds):
            raise ResourceFailure("Resource creation cancelled", self.physical_id)


@dataclass(frozen=True)
class Made:
    """A resource that exists: its id (what ``Ref`` gives unless ``ref`` is there) and its attributes."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """Makes, changes and deletes resources of a type."""

    def problem(self, properties: Mapping[str, Any]) -> str:
        """Return why localaws cannot make a resource of these properties; empty when it can."""

    def attribute_problem(self, attribute: str) -> str:
        """Return why ``Fn::GetAtt`` cannot answer an attribute; empty when it may."""

    def replaced_by(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return the changed properties that need a new resource; empty when the old one can be changed."""

    def create(self, job: Job) -> Made:
        """Make the resource."""

    def update(self, job: Job) -> Made:
        """Change the resource; another physical id in the answer replaces it."""

    def delete(self, job: Job) -> None:
        """Delete the resource; one that is gone is no failure."""
