"""Tearing down: what runs is stopped, what pipelines made is deleted, and what is gone already is no error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, WaiterError

from terraform_runner import teardown
from terraform_runner.inventory import Inventory
from terraform_runner.naming import ProjectNames
from terraform_runner.runner_errors import PlatformError

NAMES = ProjectNames("churn", "p-1")
PREFIX = NAMES.prefix


@dataclass
class Account:
    """Every client in one; remembers what was done, in order."""

    done: list[str] = field(default_factory=list)
    pipelines: tuple[str, ...] = ("modelbuild", "modeldeploy")
    running: tuple[str, ...] = ()
    execution_states: list[str] = field(default_factory=list)
    stack_states: list[str] = field(default_factory=list)
    failing_deletions: int = 0

    def client(self, _: str) -> Account:
        return self

    # CodePipeline and SageMaker both have calls of these names; their arguments tell them apart.
    def list_pipeline_executions(self, **named: str) -> dict[str, Any]:
        if "PipelineName" in named:
            states = [{"PipelineExecutionArn": "arn:1", "PipelineExecutionStatus": "Executing"}]
            return {"PipelineExecutionSummaries": states if self.execution_states else []}
        kind = named["pipelineName"].rpartition("-")[2]
        if kind not in self.pipelines:
            raise ClientError({"Error": {"Code": "PipelineNotFoundException", "Message": ""}}, "List")
        status = "InProgress" if kind in self.running else "Succeeded"
        return {"pipelineExecutionSummaries": [{"status": status, "pipelineExecutionId": "e1"}]}

    def stop_pipeline_execution(self, **named: Any) -> None:
        self.done.append(f"stop {named.get('pipelineName') or named.get('PipelineExecutionArn')}")

    def describe_pipeline_execution(self, **_: str) -> dict[str, Any]:
        return {"PipelineExecutionStatus": self.execution_states.pop(0)}

    def get_paginator(self, _: str) -> Account:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"projects": [f"{PREFIX}-modelbuild-train", "sagemaker-other-p-2-modelbuild-train"]}]

    def list_builds_for_project(self, projectName: str, **_: str) -> dict[str, Any]:
        return {"ids": [f"{projectName}:1", f"{projectName}:2"]}

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        return {"builds": [{"id": build, "buildComplete": build.endswith(":1")} for build in ids]}

    def stop_build(self, id: str) -> None:
        self.done.append(f"stop {id}")

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.stack_states.pop(0) if self.stack_states else "X_COMPLETE"}]}

    def delete_stack(self, StackName: str) -> None:
        self.done.append(f"delete {StackName}")

    def get_waiter(self, _: str) -> Account:
        return self

    def wait(self, **_: Any) -> None:
        if self.failing_deletions:
            self.failing_deletions -= 1
            raise WaiterError("stack_delete_complete", "DELETE_FAILED", {})

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:
        failed = {"ResourceStatus": "DELETE_FAILED", "StackId": "arn:s"}
        return {
            "StackEvents": [
                {**failed, "PhysicalResourceId": "arn:s", "LogicalResourceId": StackName},
                {
                    **failed,
                    "PhysicalResourceId": "endpoint",
                    "LogicalResourceId": "Endpoint",
                    "ResourceStatusReason": "in use",
                },
            ]
        }


@dataclass
class Owned:
    """What the project owns."""

    account: Account
    stacks: tuple[str, ...] = ()

    @property
    def session(self) -> Account:
        return self.account

    def sagemaker_pipelines(self) -> list[str]:
        return [f"{PREFIX}-churn"] if self.account.execution_states else []

    def stage_stacks(self) -> list[str]:
        return list(self.stacks)

    def _deleted(self, what: str) -> list[str]:
        self.account.done.append(f"delete {what}")
        return [what]

    def delete_serving(self) -> list[str]:
        return self._deleted("serving")

    def delete_training(self) -> list[str]:
        return self._deleted("training")

    def delete_images(self) -> list[str]:
        return self._deleted("images")

    def delete_objects(self) -> list[str]:
        return self._deleted("objects")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(teardown, "_POLL_SECONDS", 0.01)
    return Account()


def tear_down(account: Account, *stacks: str, keep_data: bool = False) -> list[str]:
    said: list[str] = []
    owned = cast(Inventory, Owned(account, stacks))
    teardown.tear_down(cast(Any, account), NAMES, owned, keep_data, said.append)
    return said


def test_what_runs_is_stopped_before_anything_is_deleted(account: Account) -> None:
    account.running = ("modelbuild",)
    account.execution_states = ["Stopping", "Stopped"]
    tear_down(account, f"{PREFIX}-prod", f"{PREFIX}-staging")
    assert account.done == [
        f"stop {PREFIX}-modelbuild",
        f"stop {PREFIX}-modelbuild-train:2",
        "stop arn:1",
        f"delete {PREFIX}-prod",
        f"delete {PREFIX}-staging",
        "delete serving",
        "delete training",
        "delete images",
        "delete objects",
    ]


def test_stages_of_other_accounts_go_with_the_project_s_own(account: Account) -> None:
    production = Account()
    home = cast(Inventory, Owned(account, (f"{PREFIX}-staging",)))
    other = cast(Inventory, Owned(production, (f"{PREFIX}-prod",)))
    teardown.tear_down(cast(Any, account), NAMES, home, False, lambda _: None, [other])
    assert production.done == [f"delete {PREFIX}-prod", "delete serving"]
    deleted = [each for each in account.done if each.startswith("delete")]
    assert deleted[0] == f"delete {PREFIX}-staging"
    assert account.done[-1] == "delete objects"


def test_data_that_is_kept_is_not_emptied(account: Account) -> None:
    assert "deleted objects" not in tear_down(account, keep_data=True)


def test_pipelines_that_were_never_made_are_no_error(account: Account) -> None:
    account.pipelines = ()
    tear_down(account)
    assert "delete images" in account.done


def test_a_stack_that_is_being_updated_is_waited_for(account: Account) -> None:
    account.stack_states = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    tear_down(account, f"{PREFIX}-prod")
    assert account.stack_states == []
    assert f"delete {PREFIX}-prod" in account.done


def test_a_stack_that_cannot_be_deleted_is_told_by_its_resource(account: Account) -> None:
    account.failing_deletions = 2
    with pytest.raises(PlatformError, match="could not be deleted: Endpoint: in use"):
        tear_down(account, f"{PREFIX}-prod")


def test_a_pipeline_that_a_schedule_started_meanwhile_holds_up_nothing(account: Account) -> None:
    account.failing_deletions = 1
    said = tear_down(account, f"{PREFIX}-prod")
    assert account.done.count(f"delete {PREFIX}-prod") == 2
    assert any("once more" in line for line in said)


def test_what_does_not_stop_is_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teardown, "_WAIT_SECONDS", 0)
    account.execution_states = ["Executing"] * 3
    with pytest.raises(PlatformError, match="does not stop"):
        tear_down(account)
