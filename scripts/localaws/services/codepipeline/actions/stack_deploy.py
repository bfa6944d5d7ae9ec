"""Deploy with CloudFormation: a template from an artifact comes in, a stack or change set and its outputs go out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import ActionFailed

LARGEST_BODY = 51200
# Stacks that CREATE_UPDATE creates although they have a name already, and that REPLACE_ON_FAILURE deletes first.
EMPTY = ("REVIEW_IN_PROGRESS",)
BROKEN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
NOTHING_TO_DO = re.compile(r"No updates are to be performed|didn't contain changes", re.IGNORECASE)


def run(context: ActionContext) -> None:
    """Carry out the action."""
    modes: dict[str, Callable[[ActionContext], None]] = {
        "CREATE_UPDATE": _create_or_update,
        "REPLACE_ON_FAILURE": _replace,
        "DELETE_ONLY": _delete,
        "CHANGE_SET_REPLACE": _make_change_set,
        "CHANGE_SET_EXECUTE": _execute_change_set,
    }
    mode = context.configuration["ActionMode"]
    if mode not in modes:
        raise ActionFailed(f"ActionMode {mode} is not one of {', '.join(modes)}", "ConfigurationError")
    context.run.external_url = (
        f"https://console.aws.amazon.com/cloudformation/home?region={context.region}#/stacks/stackinfo?stackId="
        f"{context.configuration['StackName']}"
    )
    modes[mode](context)


def _create_or_update(context: ActionContext) -> None:
    stack = _stack(context)
    exists = stack is not None and stack["StackStatus"] not in EMPTY
    _apply(context, "update_stack" if exists else "create_stack", _stack_arguments(context))


def _replace(context: ActionContext) -> None:
    stack = _stack(context)
    if stack is not None and stack["StackStatus"] in BROKEN:
        _delete(context)
    _create_or_update(context)


def _delete(context: ActionContext) -> None:
    stack = _stack(context)
    if stack is None:
        return
    arguments = {"StackName": stack["StackId"], "ClientRequestToken": context.run.run_id, **_role(context)}
    context.client("cloudformation").delete_stack(**arguments)
    for _ in context.ticks():
        stack = _stack(context, stack["StackId"])
        if stack is None or stack["StackStatus"] == "DELETE_COMPLETE":
            return
        if stack["StackStatus"] == "DELETE_FAILED":
            raise ActionFailed(_why(context, stack))


def _apply(context: ActionContext, call: str, arguments: Mapping[str, Any]) -> None:
    client = context.client("cloudformation")
    try:
        answer = getattr(client, call)(**arguments, ClientRequestToken=context.run.run_id)
    except ClientError as error:
        if not NOTHING_TO_DO.search(str(error)):
            raise ActionFailed(error.response["Error"]["Message"]) from error
        answer = {}
    _await_stack(context, answer.get("StackId", context.configuration["StackName"]))


def _await_stack(context: ActionContext, stack_id: str) -> None:
    context.run.external_id = stack_id
    for _ in context.ticks():
        stack = _stack(context, stack_id)
        if stack is None:
            raise ActionFailed(f"Stack {stack_id} is gone")
        status = stack["StackStatus"]
        if status in GOOD:
            _put_out(context, stack)
            return
        if status.endswith(("_COMPLETE", "_FAILED")) and "CLEANUP" not in status:
            raise ActionFailed(_why(context, stack))


def _put_out(context: ActionContext, stack: Mapping[str, Any]) -> None:
    context.run.external_id = stack["StackId"]
    context.run.summary = stack["StackStatus"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    context.run.variables = outputs
    for location in context.run.outputs.values():
        name = context.configuration.get("OutputFileName") or "output.json"
        context.store.put_file(location, name, json.dumps(outputs))


def _make_change_set(context: ActionContext) -> None:
    client, name = context.client("cloudformation"), _change_set_name(context)
    stack = _stack(context)
    new = stack is None or stack["StackStatus"] in EMPTY
    if stack is not None:
        client.delete_change_set(ChangeSetName=name, StackName=context.configuration["StackName"])
    created = client.create_change_set(
        **_stack_arguments(context),
        ChangeSetName=name,
        ChangeSetType="CREATE" if new else "UPDATE",
        ClientToken=context.run.run_id,
    )
    context.run.external_id = created["Id"]
    for _ in context.ticks():
        change_set = client.describe_change_set(ChangeSetName=created["Id"], StackName=created["StackId"])
        if change_set["Status"] == "CREATE_COMPLETE":
            break
        if change_set["Status"] == "FAILED":
            if NOTHING_TO_DO.search(change_set.get("StatusReason", "")):
                break
            raise ActionFailed(change_set.get("StatusReason", "The change set failed"))
    context.run.summary = f"Change set {name} was created."
    for location in context.run.outputs.values():
        described = json.dumps(change_set, default=str)
        context.store.put_file(
            location, context.configuration.get("OutputFileName") or "changes.json", described
        )


def _execute_change_set(context: ActionContext) -> None:
    client, name = context.client("cloudformation"), _change_set_name(context)
    stack_name = context.configuration["StackName"]
    change_set = client.describe_change_set(ChangeSetName=name, StackName=stack_name)
    if not NOTHING_TO_DO.search(change_set.get("StatusReason", "")):
        client.execute_change_set(
            ChangeSetName=name, StackName=stack_name, ClientRequestToken=context.run.run_id
        )
    _await_stack(context, change_set["StackId"])


def _change_set_name(context: ActionContext) -> str:
    name = context.configuration.get("ChangeSetName")
    if not name:
        raise ActionFailed("ChangeSetName is required for this ActionMode", "ConfigurationError")
    return name


def _stack(context: ActionContext, name: str = "") -> dict[str, Any] | None:
    client = context.client("cloudformation")
    try:
        stacks = client.describe_stacks(StackName=name or context.configuration["StackName"])["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return dict(stacks[0])


def _role(context: ActionContext) -> dict[str, str]:
    role = context.configuration.get("RoleArn")
    return {"RoleARN": role} if role else {}


def _stack_arguments(context: ActionContext) -> dict[str, Any]:
    given, inputs = context.configuration, context.run.inputs
    if "TemplatePath" not in given:
        raise ActionFailed("TemplatePath is required for this ActionMode", "ConfigurationError")
    settings: dict[str, Any] = {}
    if "TemplateConfiguration" in given:
        settings = _json(
            "TemplateConfiguration", context.store.read_file(inputs, given["TemplateConfiguration"])
        )
    parameters = settings.get("Parameters", {}) | _overrides(context)
    return {
        "StackName": given["StackName"],
        "Capabilities": [name for name in re.split(r"[,\s]+", given.get("Capabilities", "")) if name],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(settings.get("Tags", {}).items())],
        **_template(context, context.store.read_file(inputs, given["TemplatePath"])),
        **_policy(settings),
        **_role(context),
    }


def _policy(settings: Mapping[str, Any]) -> dict[str, str]:
    return {"StackPolicyBody": json.dumps(settings["StackPolicy"])} if "StackPolicy" in settings else {}


def _template(context: ActionContext, body: str) -> dict[str, str]:
    """Hand a template over; one that is too large for the call goes by S3."""
    if len(body.encode()) <= LARGEST_BODY:
        return {"TemplateBody": body}
    location = context.store.new_location("template")
    context.store.put(location, body.encode())
    return {"TemplateURL": f"https://{location.bucket}.s3.{context.region}.amazonaws.com/{location.key}"}


def _overrides(context: ActionContext) -> dict[str, str]:
    declared = _json("ParameterOverrides", context.configuration.get("ParameterOverrides", "{}"))
    return {name: _override(context, value) for name, value in declared.items()}


def _override(context: ActionContext, value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        [(function, arguments)] = value.items()
        if function == "Fn::GetArtifactAtt":
            return _artifact_attribute(context, *arguments)
        if function == "Fn::GetParam":
            artifact, file, key = arguments
            found = _json(file, context.store.read_file(context.run.inputs, f"{artifact}::{file}"))
            if key not in found:
                raise ActionFailed(f"{file} in {artifact} has no key {key}", "ConfigurationError")
            return str(found[key])
    if isinstance(value, Mapping | list):
        raise ActionFailed(f"ParameterOverrides: {json.dumps(value)} is not a value", "ConfigurationError")
    return str(value)


def _artifact_attribute(context: ActionContext, artifact: str, attribute: str) -> str:
    location = context.run.inputs.get(artifact)
    if location is None:
        raise ActionFailed(f"{artifact} is not an input artifact", "ConfigurationError")
    attributes = {
        "BucketName": location.bucket,
        "ObjectKey": location.key,
        "URL": f"https://s3.{context.region}.amazonaws.com/{location.bucket}/{location.key}",
    }
    if attribute not in attributes:
        raise ActionFailed(f"Artifacts have no attribute {attribute}", "ConfigurationError")
    return attributes[attribute]


def _json(what: str, text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise ActionFailed(f"{what} is not JSON: {error}", "ConfigurationError") from error
    return found


def _why(context: ActionContext, stack: Mapping[str, Any]) -> str:
    """Say why a stack failed, with the first resource that did since the action began."""
    message = f"Stack {stack['StackName']} is {stack['StackStatus']}"
    reason = stack.get("StackStatusReason")
    message += f": {reason}" if reason else ""
    first = _first_failure(context, stack["StackId"])
    if first is None:
        return message
    return f"{message} (first failed resource: {first['LogicalResourceId']}, {first['ResourceStatusReason']})"


def _first_failure(context: ActionContext, stack_id: str) -> Mapping[str, Any] | None:
    pages = (
        context.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
    )
    failed = [
        event
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
        and event.get("ResourceStatusReason")
        and event["PhysicalResourceId"] != stack_id
        and _since(event["Timestamp"], context.run.start)
    ]
    return min(failed, key=lambda event: event["Timestamp"], default=None)


def _since(moment: datetime, start: datetime) -> bool:
    return moment.timestamp() >= int(start.timestamp())
