"""A stack whose operation was cut off ends in a state that can be left again, and its custom resource hears of it."""

from __future__ import annotations

import pytest
from moto.cloudformation.models import cloudformation_backends

from localaws.operations import state_of
from localaws.persistence.recovered_stacks import ENDS, recover_stacks
from localaws.server import LocalAws
from localaws.services.cloudformation.model import Stack, StackResource, StackStore

REGION = "us-east-1"


@pytest.fixture
def store(localaws: LocalAws) -> StackStore:
    return state_of(cloudformation_backends[localaws.account_id][REGION], StackStore)


def stack(store: StackStore, status: str, resource: StackResource) -> Stack:
    made = Stack("arn:stack", "stack", "123456789012", REGION, "aws", status=status)
    made.resources[resource.logical_id] = resource
    store.stacks[made.id] = made
    return made


@pytest.mark.parametrize(("before", "after"), ENDS.items())
def test_an_operation_that_was_cut_off_has_ended(store: StackStore, before: str, after: str) -> None:
    cut = stack(store, before, StackResource("Queue", "AWS::SQS::Queue", "url", "UPDATE_IN_PROGRESS"))
    recover_stacks("lost")
    assert cut.status == after
    assert cut.reason == ("lost" if after.endswith("_FAILED") else "")
    assert not cut.in_progress
    assert cut.resources["Queue"].status == "UPDATE_FAILED"


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "REVIEW_IN_PROGRESS", "DELETE_FAILED"])
def test_a_stack_at_rest_is_left_alone(store: StackStore, status: str) -> None:
    resting = stack(store, status, StackResource("Queue", "AWS::SQS::Queue", "url", "CREATE_COMPLETE"))
    recover_stacks("lost")
    assert (resting.status, resting.events) == (status, [])


def test_a_custom_resource_that_was_being_made_can_be_deleted(store: StackStore) -> None:
    given = {"ServiceToken": "arn:function", "Name": "churn"}
    resource = StackResource("Project", "Custom::Thing", "", "CREATE_IN_PROGRESS", properties=given)
    stack(store, "CREATE_IN_PROGRESS", resource)
    recover_stacks("lost")
    assert resource.physical_id, "without one no delete would reach its function"
    assert resource.properties == given


def test_a_custom_resource_that_was_being_changed_is_sent_again(store: StackStore) -> None:
    given = {"ServiceToken": "arn:function", "Name": "churn"}
    resource = StackResource("Project", "Custom::Thing", "churn", "UPDATE_IN_PROGRESS", properties=given)
    stack(store, "UPDATE_IN_PROGRESS", resource)
    recover_stacks("lost")
    assert resource.properties == {"ServiceToken": "arn:function"}
