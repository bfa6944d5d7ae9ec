"""A change set says what would change, then does it or does not."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, Stacks

TEMPLATE = """
Parameters: {Text: {Type: String, Default: one}, Name: {Type: String, Default: /a}}
Resources:
  Topic: {Type: "AWS::SNS::Topic", Properties: {DisplayName: !Ref Text}}
  Parameter: {Type: "AWS::SSM::Parameter", Properties: {Name: !Ref Name, Type: String, Value: fixed}}
"""


def propose(stacks: Stacks, kind: str, name: str = "c", **arguments: Any) -> dict[str, Any]:
    stacks.client.create_change_set(
        StackName="s", ChangeSetName=name, ChangeSetType=kind, TemplateBody=TEMPLATE, **arguments
    )
    described: dict[str, Any] = stacks.client.describe_change_set(StackName="s", ChangeSetName=name)
    return described


def given(**texts: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": text} for key, text in texts.items()]


def test_a_new_stack_waits_in_review_until_its_change_set_is_executed(stacks: Stacks) -> None:
    proposed = propose(stacks, "CREATE")
    assert (proposed["Status"], proposed["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [item["ResourceChange"]["Action"] for item in proposed["Changes"]] == ["Add", "Add"]
    assert stacks.client.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stacks.server.client("sns", REGION).list_topics()["Topics"] == []
    stacks.client.execute_change_set(StackName="s", ChangeSetName="c")
    assert stacks.settled("s")["StackStatus"] == "CREATE_COMPLETE"


def test_changes_tell_what_is_replaced_added_and_removed(stacks: Stacks) -> None:
    stacks.create(TEMPLATE)
    proposed = propose(stacks, "UPDATE", Parameters=given(Text="two", Name="/b"))
    changes = {
        item["ResourceChange"]["LogicalResourceId"]: item["ResourceChange"] for item in proposed["Changes"]
    }
    assert {name: (change["Action"], change["Replacement"]) for name, change in changes.items()} == {
        "Topic": ("Modify", "False"),
        "Parameter": ("Modify", "True"),
    }
    assert changes["Parameter"]["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "Name",
        "RequiresRecreation": "Always",
    }
    stacks.client.execute_change_set(ChangeSetName=proposed["ChangeSetId"])
    assert stacks.settled("s")["StackStatus"] == "UPDATE_COMPLETE"


def test_a_change_set_without_changes_fails_and_cannot_be_executed(stacks: Stacks) -> None:
    stacks.create(TEMPLATE)
    proposed = propose(stacks, "UPDATE")
    assert proposed["Status"] == "FAILED"
    assert proposed["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match=r"InvalidChangeSetStatus.*current status of \[FAILED\]"):
        stacks.client.execute_change_set(StackName="s", ChangeSetName="c")


def test_a_change_set_can_be_dropped_and_its_name_used_again(stacks: Stacks) -> None:
    propose(stacks, "CREATE")
    assert [item["ChangeSetName"] for item in stacks.client.list_change_sets(StackName="s")["Summaries"]] == [
        "c"
    ]
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        propose(stacks, "CREATE")
    stacks.client.delete_change_set(StackName="s", ChangeSetName="c")
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        stacks.client.describe_change_set(StackName="s", ChangeSetName="c")
    propose(stacks, "CREATE")


def test_a_change_set_of_the_wrong_type_is_refused(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match=r"Stack \[s\] does not exist"):
        propose(stacks, "UPDATE")
    stacks.create(TEMPLATE)
    with pytest.raises(ClientError, match=r"Stack \[s\] already exists"):
        propose(stacks, "CREATE")
