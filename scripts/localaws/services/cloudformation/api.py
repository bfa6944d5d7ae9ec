"""CloudFormation's API: requests come in, operations start, what stacks have become is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.responses import CloudFormationResponse

from localaws.operations import Operation, Request, graft, page, refuse_others
from localaws.services.cloudformation import change_sets
from localaws.services.cloudformation.errors import ValidationError
from localaws.services.cloudformation.evaluation import Evaluation
from localaws.services.cloudformation.executor import Executor, import_value, start
from localaws.services.cloudformation.intake import required_capabilities, take_in, template_text
from localaws.services.cloudformation.plan import anything_else_changed, plan
from localaws.services.cloudformation.stacks import (
    begin,
    existing,
    living_by_token,
    new_stack,
    newest_first,
    on_failure,
    owner_of,
    start_update,
    store_of,
    updatable,
)
from localaws.services.cloudformation.template import parse_template
from localaws.services.cloudformation.views import (
    capabilities_reason,
    declared_parameter,
    resource_summary,
    shown_event,
    shown_metadata,
    shown_resource,
    shown_stack,
    stack_summary,
)

# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "CreateStack": "resource types, properties, notification topics, stack policies and rollback triggers that are not "
    "supported are refused by name",
    "CreateChangeSet": "as CreateStack; nested change sets and imports are refused",
}


def replace_moto() -> None:
    """Make moto's CloudFormation answer with ours, and refuse what we lack."""
    CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER = {}
    graft(CloudFormationResponse, "cloudformation", _OPERATIONS, APPROXIMATED)
    refuse_others(CloudFormationResponse, "cloudformation", _OPERATIONS)


def create_stack(request: Request) -> Mapping[str, Any]:
    """Start to make a stack."""
    params, store = request.params, store_of(request)
    known = living_by_token(store, params)
    if known:
        return {"StackId": known.id}
    wanted = take_in(request, template_text(request))
    stack = new_stack(request, store, params["StackName"])
    stack.on_failure = on_failure(params)
    stack.timeout_minutes = int(params.get("TimeoutInMinutes") or 0)
    stack.termination_protection = bool(params.get("EnableTerminationProtection"))
    begin(stack, params, "CREATE_IN_PROGRESS")
    start(stack, "create", lambda: Executor(store, stack).create(wanted))
    return {"StackId": stack.id}


def update_stack(request: Request) -> Mapping[str, Any]:
    """Start to update a stack."""
    params, store = request.params, store_of(request)
    stack = existing(store, params["StackName"], "Stack [{}] does not exist")
    if params.get("ClientRequestToken") in stack.tokens:
        return {"StackId": stack.id}
    current = updatable(stack)
    wanted = take_in(request, template_text(request, current.template.body), current)
    evaluation = Evaluation(stack, wanted, stack.resources, lambda name: import_value(store, name))
    if not plan(stack, evaluation) and not anything_else_changed(stack, wanted, evaluation):
        raise ValidationError("No updates are to be performed.")
    start_update(store, stack, wanted, params)
    return {"StackId": stack.id}


def delete_stack(request: Request) -> Mapping[str, Any]:
    """Start to delete a stack; one that does not exist is no error."""
    params, store = request.params, store_of(request)
    stack = store.living(params["StackName"])
    if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
        return {}
    if stack.termination_protection:
        raise ValidationError(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    if stack.in_progress and not stack.status.startswith("CREATE"):
        raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be deleted.")
    retained = params.get("RetainResources") or ()
    if retained and stack.status != "DELETE_FAILED":
        raise ValidationError("Invalid operation on stack: RetainResources needs a stack in DELETE_FAILED.")
    begin(stack, params, "DELETE_IN_PROGRESS")
    stack.abandoned.set()
    start(stack, "delete", lambda: Executor(store, stack).delete(retained))
    return {}


def continue_update_rollback(request: Request) -> Mapping[str, Any]:
    """Take up a rollback that failed."""
    params, store = request.params, store_of(request)
    stack = existing(store, params["StackName"])
    before = stack.rollback_to
    if stack.status != "UPDATE_ROLLBACK_FAILED" or before is None:
        raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not continue rollback.")
    begin(stack, params, "UPDATE_ROLLBACK_IN_PROGRESS")
    skipped = params.get("ResourcesToSkip") or ()
    start(stack, "rollback", lambda: Executor(store, stack).roll_back(before, skipped))
    return {}


def update_termination_protection(request: Request) -> Mapping[str, Any]:
    """Switch termination protection."""
    stack = existing(store_of(request), request.params["StackName"])
    stack.termination_protection = bool(request.params["EnableTerminationProtection"])
    return {"StackId": stack.id}


def describe_stacks(request: Request) -> Mapping[str, Any]:
    """Describe one stack, or all that are not deleted."""
    store, name = store_of(request), request.params.get("StackName")
    if name:
        stacks = [existing(store, name)]
    else:
        stacks = [stack for stack in newest_first(store) if stack.status != "DELETE_COMPLETE"]
    shown, token = page(stacks, request.params.get("NextToken"), None)
    return {"Stacks": [shown_stack(stack) for stack in shown], "NextToken": token}


def list_stacks(request: Request) -> Mapping[str, Any]:
    """List stacks, deleted ones too, by status."""
    wanted = request.params.get("StackStatusFilter") or ()
    stacks = [item for item in newest_first(store_of(request)) if not wanted or item.status in wanted]
    shown, token = page(stacks, request.params.get("NextToken"), None)
    return {"StackSummaries": [stack_summary(stack) for stack in shown], "NextToken": token}


def describe_stack_events(request: Request) -> Mapping[str, Any]:
    """Return a stack's events, newest first."""
    name = request.params.get("StackName")
    if not name:
        raise ValidationError(
            "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: "
            "Member must not be null"
        )
    stack = existing(store_of(request), name, "Stack [{}] does not exist")
    shown, token = page(stack.events[::-1], request.params.get("NextToken"), None)
    return {"StackEvents": [shown_event(stack, event) for event in shown], "NextToken": token}


def describe_stack_resource(request: Request) -> Mapping[str, Any]:
    """Describe one resource of a stack."""
    stack = existing(store_of(request), request.params["StackName"])
    name = request.params["LogicalResourceId"]
    if name not in stack.resources:
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
    return {"StackResourceDetail": shown_resource(stack, stack.resources[name], detail=True)}


def describe_stack_resources(request: Request) -> Mapping[str, Any]:
    """Describe a stack's resources, by stack or by a physical id."""
    params, store = request.params, store_of(request)
    if params.get("PhysicalResourceId"):
        stack = owner_of(store, params["PhysicalResourceId"])
    elif params.get("StackName"):
        stack = existing(store, params["StackName"])
    else:
        raise ValidationError("Either StackName or PhysicalResourceId must be specified.")
    wanted = params.get("LogicalResourceId")
    return {
        "StackResources": [
            shown_resource(stack, resource)
            for resource in stack.resources.values()
            if not wanted or resource.logical_id == wanted
        ]
    }


def list_stack_resources(request: Request) -> Mapping[str, Any]:
    """List a stack's resources."""
    stack = existing(store_of(request), request.params["StackName"], "Stack [{}] does not exist")
    shown, token = page(list(stack.resources.values()), request.params.get("NextToken"), None)
    return {
        "StackResourceSummaries": [resource_summary(resource) for resource in shown],
        "NextToken": token,
    }


def get_template(request: Request) -> Mapping[str, Any]:
    """Return a stack's or change set's template as it was given."""
    store = store_of(request)
    if request.params.get("ChangeSetName"):
        _, change_set = change_sets.find(store, request.params)
        body = change_set.input.template.body
    else:
        stack = existing(store, request.params["StackName"])
        body = stack.input.template.body if stack.input else ""
    return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}


def get_template_summary(request: Request) -> Mapping[str, Any]:
    """Tell what a template takes and makes."""
    if request.params.get("StackName"):
        stack = existing(store_of(request), request.params["StackName"])
        text = stack.input.template.body if stack.input else ""
    else:
        text = template_text(request)
    template = parse_template(text)
    capabilities, types = required_capabilities(template)
    return {
        "Parameters": [declared_parameter(item) for item in template.parameters.values()],
        "Description": template.description or None,
        "Capabilities": capabilities,
        "CapabilitiesReason": capabilities_reason(types),
        "ResourceTypes": sorted({item.type for item in template.resources.values()}),
        "Version": "2010-09-09",
        "DeclaredTransforms": [],
        **shown_metadata(template),
    }


def validate_template(request: Request) -> Mapping[str, Any]:
    """Check a template's form."""
    template = parse_template(template_text(request))
    capabilities, types = required_capabilities(template)
    return {
        "Parameters": [
            {
                "ParameterKey": item.name,
                "NoEcho": item.no_echo,
                "Description": item.description or None,
                **({} if item.default is None else {"DefaultValue": item.default}),
            }
            for item in template.parameters.values()
        ],
        "Description": template.description or None,
        "Capabilities": capabilities,
        "CapabilitiesReason": capabilities_reason(types),
        "DeclaredTransforms": [],
    }


def list_exports(request: Request) -> Mapping[str, Any]:
    """List exports."""
    exports = sorted(store_of(request).exports().items())
    shown, token = page(exports, request.params.get("NextToken"), None)
    return {
        "Exports": [
            {"Name": name, "Value": value, "ExportingStackId": stack.id} for name, (value, stack) in shown
        ],
        "NextToken": token,
    }


def list_imports(request: Request) -> Mapping[str, Any]:
    """List the stacks that use an export."""
    name, store = request.params["ExportName"], store_of(request)
    users = [
        stack.name
        for stack in store.stacks.values()
        if name in stack.imports and stack.status != "DELETE_COMPLETE"
    ]
    if not users:
        raise ValidationError(f"Export '{name}' is not imported by any stack.")
    return {"Imports": users}


_OPERATIONS: dict[str, Operation] = {
    **change_sets.OPERATIONS,
    "ContinueUpdateRollback": continue_update_rollback,
    "CreateStack": create_stack,
    "DeleteStack": delete_stack,
    "DescribeStackEvents": describe_stack_events,
    "DescribeStackResource": describe_stack_resource,
    "DescribeStackResources": describe_stack_resources,
    "DescribeStacks": describe_stacks,
    "GetTemplate": get_template,
    "GetTemplateSummary": get_template_summary,
    "ListExports": list_exports,
    "ListImports": list_imports,
    "ListStackResources": list_stack_resources,
    "ListStacks": list_stacks,
    "UpdateStack": update_stack,
    "UpdateTerminationProtection": update_termination_protection,
    "ValidateTemplate": validate_template,
}
