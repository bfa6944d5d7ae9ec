"""Handles of wait conditions, which templates also use as a resource that is nothing: they get an id."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.contract import Job, Made

TYPE = "AWS::CloudFormation::WaitConditionHandle"


class WaitHandleProvider:
    """Makes handles that nobody waits for: wait conditions themselves are refused."""

    def problem(self, properties: Mapping[str, Any]) -> str:
        """Return why a handle cannot be made: it has no properties."""
        return f"{TYPE} has no property {next(iter(properties))}" if properties else ""

    def attribute_problem(self, attribute: str) -> str:
        """Return why ``Fn::GetAtt`` cannot answer: a handle has no attributes."""
        return f"does not support attribute type {attribute} in Fn::GetAtt"

    def replaced_by(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return nothing: nothing can differ."""
        return []

    def create(self, job: Job) -> Made:
        """Make up the URL that a signal would go to."""
        host = f"cloudformation-waitcondition-{job.region}.s3.{job.region}.amazonaws.com"
        return Made(f"https://{host}/{job.stack_id}/{job.logical_id}/{uuid.uuid4()}")

    def update(self, job: Job) -> Made:
        """Leave the handle as it is."""
        return Made(job.physical_id)

    def delete(self, job: Job) -> None:
        """Delete nothing."""
