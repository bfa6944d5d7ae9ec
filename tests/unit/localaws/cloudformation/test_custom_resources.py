"""A custom resource's function is really called, and what it answers decides."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from typing import Any

import pytest

from localaws.server import LocalAws

from .conftest import REGION, TRUST, Stacks

# Answers as its properties tell, and keeps every event that it was sent.
FUNCTION = """
import json, time, urllib.request
import boto3

def handler(event, context):
    url = event.pop("ResponseURL")
    wanted = event["ResourceProperties"]
    boto3.client("s3").put_object(
        Bucket="sent-events",
        Key=context.aws_request_id,
        Body=json.dumps({**event, "Host": url.split("/")[2], "At": time.time()}).encode(),
    )
    if wanted.get("Silent") == event["RequestType"]:
        return
    answer = {
        "Status": "FAILED" if wanted.get("FailOn") == event["RequestType"] else "SUCCESS",
        "Reason": "because " + event["RequestType"],
        "PhysicalResourceId": wanted.get("Id", "thing"),
        "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Said": "hello " + wanted.get("Name", ""), "Deep": {"Er": "x"}},
    }
    request = urllib.request.Request(url, data=json.dumps(answer).encode(), method="PUT", headers={"content-type": ""})
    urllib.request.urlopen(request)
"""


@pytest.fixture(scope="module")
def stacks(server: LocalAws) -> Stacks:
    """Return stacks on a localaws that has the function and the bucket where it keeps its events."""
    server.client("s3", REGION).create_bucket(Bucket="sent-events")
    role = server.client("iam", REGION).create_role(RoleName="f", AssumeRolePolicyDocument=TRUST)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("index.py", FUNCTION)
    server.client("lambda", REGION).create_function(
        FunctionName="f",
        Runtime="python3.11",
        Handler="index.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    return Stacks(server)


@pytest.fixture
def name() -> str:
    """Return the name of a stack of the test's own."""
    return f"s-{uuid.uuid4().hex[:8]}"


def template(**properties: Any) -> str:
    token = "arn:aws:lambda:us-east-1:123456789012:function:f"
    thing = {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, **properties}}
    return json.dumps(
        {
            "Resources": {"Thing": thing},
            "Outputs": {
                "Said": {"Value": {"Fn::GetAtt": ["Thing", "Said"]}},
                "Deep": {"Value": {"Fn::GetAtt": ["Thing", "Deep.Er"]}},
                "Ref": {"Value": {"Ref": "Thing"}},
            },
        }
    )


def events(stacks: Stacks, name: str) -> list[dict[str, Any]]:
    """Return the events that the function got for a stack, oldest first."""
    s3 = stacks.server.client("s3", REGION)
    listed = s3.list_objects_v2(Bucket="sent-events").get("Contents", [])
    bodies = [s3.get_object(Bucket="sent-events", Key=item["Key"])["Body"].read() for item in listed]
    mine = [event for event in map(json.loads, bodies) if f":stack/{name}/" in event["StackId"]]
    return sorted(mine, key=lambda event: float(event["At"]))


def test_create_update_and_delete_reach_the_function(stacks: Stacks, name: str) -> None:
    assert stacks.create(template(Name="a", Count=3, On=True), name)["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(name) == {"Said": "hello a", "Deep": "x", "Ref": "thing"}
    assert stacks.update(template(Name="b"), name)["StackStatus"] == "UPDATE_COMPLETE"
    stacks.delete(name)
    create, update, delete = events(stacks, name)
    assert create["ResourceProperties"] == {
        "ServiceToken": create["ServiceToken"],
        "Name": "a",
        "Count": "3",
        "On": "true",
    }
    assert create["ResourceType"] == "Custom::Thing"
    assert "PhysicalResourceId" not in create
    assert create["Host"] == "cloudformation-custom-resource-response-useast1.s3.us-east-1.amazonaws.com"
    assert (update["RequestType"], update["PhysicalResourceId"]) == ("Update", "thing")
    assert update["OldResourceProperties"]["Name"] == "a"
    assert (delete["RequestType"], delete["ResourceProperties"]["Name"]) == ("Delete", "b")
    buckets = stacks.server.client("s3", REGION).list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["sent-events"]


def test_a_failed_create_is_rolled_back_by_a_delete_of_the_same_thing(stacks: Stacks, name: str) -> None:
    assert stacks.create(template(FailOn="Create", Id="half"), name)["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = stacks.reason(name, "Thing", "CREATE_FAILED")
    assert reason.startswith(
        "Received response status [FAILED] from custom resource. Message returned: because Create (RequestId: "
    )
    assert [(event["RequestType"], event.get("PhysicalResourceId")) for event in events(stacks, name)] == [
        ("Create", None),
        ("Delete", "half"),
    ]


def test_a_failed_update_is_turned_back_by_an_update(stacks: Stacks, name: str) -> None:
    stacks.create(template(Name="a"), name)
    assert (
        stacks.update(template(Name="b", FailOn="Update"), name)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    )
    back = events(stacks, name)[-1]
    assert (back["RequestType"], back["ResourceProperties"]["Name"]) == ("Update", "a")
    assert back["OldResourceProperties"]["Name"] == "b"
    assert stacks.outputs(name)["Said"] == "hello a"


def test_another_physical_id_deletes_the_old_thing_in_clean_up(stacks: Stacks, name: str) -> None:
    stacks.create(template(Id="old"), name)
    assert stacks.update(template(Id="new"), name)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs(name)["Ref"] == "new"
    assert [(event["RequestType"], event.get("PhysicalResourceId")) for event in events(stacks, name)] == [
        ("Create", None),
        ("Update", "old"),
        ("Delete", "old"),
    ]


def test_a_function_that_never_answers_fails_after_the_service_timeout(stacks: Stacks, name: str) -> None:
    stack = stacks.create(template(Silent="Create", ServiceTimeout=6), name)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "did not receive a response from your Custom Resource" in stacks.reason(
        name, "Thing", "CREATE_FAILED"
    )
    assert [event["RequestType"] for event in events(stacks, name)] == ["Create", "Delete"]


def test_a_function_that_is_not_there_fails_with_lambda_s_words(stacks: Stacks, name: str) -> None:
    stack = stacks.create(template().replace("function:f", "function:missing"), name)
    assert stack["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
    assert "missing" in stacks.reason(name, "Thing", "CREATE_FAILED")


def test_a_delete_that_fails_leaves_the_stack_to_try_again(stacks: Stacks, name: str) -> None:
    stacks.create(template(FailOn="Delete"), name)
    stack = stacks.delete(name)
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert "because Delete" in stacks.reason(stack["StackId"], "Thing", "DELETE_FAILED")


def test_an_attribute_that_was_not_answered_fails_the_stack(stacks: Stacks, name: str) -> None:
    asked = template().replace('"Said"]', '"Unsaid"]')
    stack = stacks.create(asked, name)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Vendor response doesn't contain Unsaid attribute" in stacks.reason(
        name, name, "ROLLBACK_IN_PROGRESS"
    )


def test_a_delete_interrupts_a_create_and_takes_back_what_it_made(stacks: Stacks, name: str) -> None:
    created = stacks.client.create_stack(StackName=name, TemplateBody=template(Silent="Create"))["StackId"]
    deadline = time.monotonic() + 60
    while not events(stacks, name) and time.monotonic() < deadline:
        time.sleep(0.05)
    stacks.client.delete_stack(StackName=name)
    assert stacks.settled(created)["StackStatus"] == "DELETE_COMPLETE"
    assert [event["RequestType"] for event in events(stacks, name)] == ["Create", "Delete"]
