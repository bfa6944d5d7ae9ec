"""Stacks of a running localaws, and functions for its custom resources."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws

REGION = "us-east-1"
TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'  # noqa: E501


@dataclass
class Stacks:
    """Makes stacks and waits for what becomes of them."""

    server: LocalAws

    @property
    def client(self) -> Any:
        """CloudFormation's client."""
        return self.server.client("cloudformation", REGION)

    def create(self, template: str, name: str = "s", **arguments: Any) -> dict[str, Any]:
        """Create a stack and return its final state."""
        self.client.create_stack(StackName=name, TemplateBody=template, **arguments)
        return self.settled(name)

    def update(self, template: str, name: str = "s", **arguments: Any) -> dict[str, Any]:
        """Update a stack and return its final state."""
        self.client.update_stack(StackName=name, TemplateBody=template, **arguments)
        return self.settled(name)

    def delete(self, name: str = "s") -> dict[str, Any]:
        """Delete a stack and return its final state."""
        stack_id = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=name)
        return self.settled(stack_id)

    def settled(self, name: str) -> dict[str, Any]:
        """Wait until no operation runs."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            stack: dict[str, Any] = self.client.describe_stacks(StackName=name)["Stacks"][0]
            if stack["StackStatus"].endswith(("_COMPLETE", "_FAILED")):
                return stack
            time.sleep(0.05)
        raise TimeoutError(f"stack {name} is still {stack['StackStatus']}")

    def history(self, name: str = "s", logical_id: str = "") -> list[str]:
        """Return the statuses of a resource (or the stack), oldest first."""
        events = self.client.describe_stack_events(StackName=name)["StackEvents"][::-1]
        return [
            event["ResourceStatus"] for event in events if event["LogicalResourceId"] == (logical_id or name)
        ]

    def reason(self, name: str, logical_id: str, status: str) -> str:
        """Return why a resource came to a status."""
        for event in self.client.describe_stack_events(StackName=name)["StackEvents"]:
            if (event["LogicalResourceId"], event["ResourceStatus"]) == (logical_id, status):
                return str(event.get("ResourceStatusReason", ""))
        raise LookupError(f"{logical_id} never was {status}")

    def physical_id(self, logical_id: str, name: str = "s") -> str:
        """Return a resource's physical id."""
        detail = self.client.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def outputs(self, name: str = "s") -> dict[str, str]:
        """Return a stack's outputs."""
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Serve for all tests of a module: starting and stopping takes longer than most of them."""
    folder = tmp_path_factory.mktemp("cloudformation")
    made = LocalAws(folder / "localaws", image_cache=folder / "images")
    made.start()
    yield made
    made.close()
    moto_api_backend.reset()


@pytest.fixture
def stacks(server: LocalAws) -> Iterator[Stacks]:
    """Make stacks on a localaws that has nothing in it."""
    yield Stacks(server)
    moto_api_backend.reset()
