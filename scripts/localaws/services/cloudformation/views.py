"""How stacks, resources, events and parameters look in API answers."""

from __future__ import annotations

import json
from typing import Any

from localaws.services.cloudformation.model import Input, Stack, StackEvent, StackResource
from localaws.services.cloudformation.parameters import Parameter
from localaws.services.cloudformation.template import Template


def shown_stack(stack: Stack) -> dict[str, Any]:
    wanted = stack.input
    shown: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": stack.created,
        "StackStatus": stack.status,
        "DisableRollback": stack.on_failure == "DO_NOTHING",
        "EnableTerminationProtection": stack.termination_protection,
        "Outputs": stack.outputs,
        "NotificationARNs": [],
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "Parameters": shown_parameters(wanted) if wanted else [],
        "Tags": [{"Key": key, "Value": value} for key, value in wanted.tags.items()] if wanted else [],
        "Capabilities": list(wanted.capabilities) if wanted else [],
    }
    optional = {
        "StackStatusReason": stack.reason,
        "Description": wanted.template.description if wanted else "",
        "RoleARN": stack.role_arn,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "TimeoutInMinutes": stack.timeout_minutes,
    }
    return shown | {name: value for name, value in optional.items() if value}


def shown_parameters(wanted: Input) -> list[dict[str, str]]:
    """Return an input's parameters as API answers show them."""
    declared = wanted.template.parameters
    shown = []
    for name, text in wanted.texts.items():
        entry = {"ParameterKey": name, "ParameterValue": declared[name].shown(text)}
        if declared[name].is_ssm_value:
            value = wanted.values[name]
            entry["ResolvedValue"] = ",".join(value) if isinstance(value, list) else value
        shown.append(entry)
    return shown


def stack_summary(stack: Stack) -> dict[str, Any]:
    shown = shown_stack(stack)
    names = ("StackId", "StackName", "CreationTime", "StackStatus", "DriftInformation")
    optional = ("StackStatusReason", "LastUpdatedTime", "DeletionTime")
    summary = {name: shown[name] for name in (*names, *optional) if name in shown}
    if shown.get("Description"):
        summary["TemplateDescription"] = shown["Description"]
    return summary


def shown_event(stack: Stack, event: StackEvent) -> dict[str, Any]:
    shown = {
        "StackId": stack.id,
        "EventId": event.event_id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.time,
        "ResourceStatus": event.status,
    }
    optional = {"ResourceStatusReason": event.reason, "ClientRequestToken": event.token}
    return shown | {name: value for name, value in optional.items() if value}


def shown_resource(stack: Stack, resource: StackResource, detail: bool = False) -> dict[str, Any]:
    shown = {"StackId": stack.id, "StackName": stack.name, **resource_summary(resource)}
    if not detail:
        shown["Timestamp"] = shown.pop("LastUpdatedTimestamp")
    return shown


def resource_summary(resource: StackResource) -> dict[str, Any]:
    shown = {
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        "LastUpdatedTimestamp": resource.updated,
    }
    return shown | ({"ResourceStatusReason": resource.reason} if resource.reason else {})


def declared_parameter(parameter: Parameter) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if parameter.allowed_values:
        constraints["AllowedValues"] = list(parameter.allowed_values)
    return {
        "ParameterKey": parameter.name,
        "ParameterType": parameter.type,
        "NoEcho": parameter.no_echo,
        "Description": parameter.description or None,
        "ParameterConstraints": constraints,
        **({} if parameter.default is None else {"DefaultValue": parameter.default}),
    }


def capabilities_reason(types: list[str]) -> str | None:
    if not types:
        return None
    return f"The following resource(s) require capabilities: [{', '.join(types)}]"


def shown_metadata(template: Template) -> dict[str, str]:
    return {"Metadata": json.dumps(template.metadata)} if template.metadata else {}
