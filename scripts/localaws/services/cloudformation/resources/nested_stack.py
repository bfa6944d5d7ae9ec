"""Stacks of stacks: a template's URL and parameters come in, a stack of its own and its outputs go out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.intrinsics import text_of
from localaws.services.cloudformation.resources.contract import Job, Made
from localaws.services.cloudformation.resources.table import generated_name, is_gone

TYPE = "AWS::CloudFormation::Stack"
_POLL_SECONDS = 0.25
# What the parent may do, its child may: who makes the parent has agreed to both.
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class NestedStackProvider:
    """Makes, changes and deletes stacks for other stacks."""

    def problem(self, properties: Mapping[str, Any]) -> str:
        """Return why a nested stack cannot be made; empty when it can."""
        if "TemplateURL" not in properties:
            return "Properties validation failed for resource: required key [TemplateURL] not found"
        unknown = sorted(set(properties) - {"Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"})
        return f"localaws does not support property {unknown[0]} of {TYPE}" if unknown else ""

    def attribute_problem(self, attribute: str) -> str:
        """Return nothing: the outputs are in a template that is read later."""
        return ""

    def replaced_by(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return nothing: every property of a nested stack can be changed."""
        return []

    def create(self, job: Job) -> Made:
        """Make the stack and wait for it."""
        # The stack's own name is part of the child's, as AWS has it.
        arguments = {"StackName": generated_name(job, 128), **_arguments(job)}
        minutes = job.properties.get("TimeoutInMinutes")
        if minutes is not None:
            arguments["TimeoutInMinutes"] = int(text_of(minutes))
        return self._carried_out(job, "create_stack", arguments, "CREATE_COMPLETE", "created")

    def update(self, job: Job) -> Made:
        """Change the stack and wait for it; one that stays as it is is no failure."""
        arguments = {"StackName": job.physical_id, **_arguments(job)}
        return self._carried_out(job, "update_stack", arguments, "UPDATE_COMPLETE", "updated")

    def delete(self, job: Job) -> None:
        """Delete the stack and wait for its end."""
        job.client("cloudformation").delete_stack(StackName=job.physical_id)
        stack = _settled(job, job.physical_id)
        if stack is not None and stack["StackStatus"] != "DELETE_COMPLETE":
            raise _failure(job.physical_id, "deleted", stack)

    def _carried_out(
        self, job: Job, operation: str, arguments: Mapping[str, Any], wanted: str, done: str
    ) -> Made:
        client = job.client("cloudformation")
        try:
            stack_id = getattr(client, operation)(**arguments)["StackId"]
        except ClientError as error:
            message = str(error.response.get("Error", {}).get("Message", ""))
            if "No updates are to be performed" not in message:
                raise ResourceFailure(message, job.physical_id) from error
            stack_id, wanted = job.physical_id, ""
        stack = _settled(job, stack_id)
        if stack is None or wanted not in ("", stack["StackStatus"]):
            raise _failure(stack_id, done, stack)
        outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", ())}
        return Made(stack_id, {"Outputs": outputs, "StackId": stack_id})


def _arguments(job: Job) -> dict[str, Any]:
    parameters = job.properties.get("Parameters") or {}
    return {
        "TemplateURL": job.properties["TemplateURL"],
        "Capabilities": _CAPABILITIES,
        "Tags": job.properties.get("Tags") or [],
        "Parameters": [
            {
                "ParameterKey": name,
                "ParameterValue": ",".join(map(text_of, value))
                if isinstance(value, list)
                else text_of(value),
            }
            for name, value in parameters.items()
        ],
        **({"RoleARN": job.role_arn} if job.role_arn else {}),
    }


def _settled(job: Job, stack_id: str) -> Mapping[str, Any] | None:
    """Return the stack when nothing happens to it any more, None when it does not exist.

    A child that its parent gives up is not left half-made: it comes to its own end first.
    """
    while True:
        try:
            stack: Mapping[str, Any] = job.client("cloudformation").describe_stacks(StackName=stack_id)[
                "Stacks"
            ][0]
        except ClientError as error:
            if is_gone(error) or "does not exist" in str(error):
                return None
            raise
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(_POLL_SECONDS)


def _failure(stack_id: str, done: str, stack: Mapping[str, Any] | None) -> ResourceFailure:
    reason = (stack or {}).get("StackStatusReason", "it does not exist")
    return ResourceFailure(f"Embedded stack {stack_id} was not successfully {done}: {reason}", stack_id)
