"""Stacks whose operation was cut off come in; they leave in a state that the next update or delete can start from."""

from __future__ import annotations

from moto.cloudformation.models import cloudformation_backends
from moto.core.base_backend import BaseBackend
from moto.servicecatalog.models import servicecatalog_backends

from localaws.operations import Request, state_of
from localaws.services.cloudformation.model import Stack, StackResource, StackStore
from localaws.services.servicecatalog.model import Catalog
from localaws.services.servicecatalog.provisioning import follow_again

ENDS = {
    "CREATE_IN_PROGRESS": "ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}
CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


def recover_stacks(reason: str) -> None:
    """End every operation that was cut off, and have Service Catalog hear of it."""
    for _, _, backend in list(cloudformation_backends.iter_backends()):
        for stack in list(state_of(backend, StackStore).stacks.values()):
            if stack.in_progress and stack.status in ENDS:
                _end(stack, reason)
    for account, region, backend in list(servicecatalog_backends.iter_backends()):
        _recover_catalog(account, region, backend)


def _end(stack: Stack, reason: str) -> None:
    for resource in stack.resources.values():
        if resource.status.endswith("_IN_PROGRESS"):
            _end_resource(stack, resource, reason)
    ended = ENDS[stack.status]
    stack.set_status(ended, reason if ended.endswith("_FAILED") else "")


def _end_resource(stack: Stack, resource: StackResource, reason: str) -> None:
    if resource.type.startswith(CUSTOM):
        if not resource.physical_id:
            # Its function may have made something that it has not told of: a delete must reach it.
            resource.physical_id = f"{stack.name}-{resource.logical_id}-unknown"[:128]
        if resource.status.startswith("UPDATE"):
            # It must be sent again by the next update, whatever that brings.
            resource.properties = {"ServiceToken": resource.properties["ServiceToken"]}
    stack.set_resource_status(resource, f"{resource.status.split('_')[0]}_FAILED", reason)


def _recover_catalog(account: str, region: str, backend: BaseBackend) -> None:
    catalog = state_of(backend, Catalog)
    for provisioned in list(catalog.provisioned.values()):
        if provisioned.status == "UNDER_CHANGE":
            record = catalog.records[provisioned.records[-1]]
            follow_again(Request(account, region, "", {}), provisioned, record)
