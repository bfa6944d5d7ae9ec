"""The record of a project: whose it is, who works on it, and whose a lock was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest

from terraform_runner.naming import ProjectNames
from terraform_runner.project_record import ProjectStore
from terraform_runner.runner_errors import UserError

from .conftest import STATES, real_event, request_of

NAMES = ProjectNames("churn", "p-abc123def456")
OTHER_STACK = "arn:aws:cloudformation:eu-central-1:123456789012:stack/other/1"


@dataclass
class FakeCodeBuild:
    """Knows builds by id; a stopped one is over at once."""

    ended: dict[str, datetime | None] = field(default_factory=dict)

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        return {
            "builds": [
                {"id": i, "buildComplete": self.ended[i] is not None}
                | ({"endTime": self.ended[i]} if self.ended[i] else {})
                for i in ids
                if i in self.ended
            ]
        }

    def stop_build(self, id: str) -> None:
        self.ended[id] = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def codebuild() -> FakeCodeBuild:
    return FakeCodeBuild()


@pytest.fixture
def store(session: boto3.Session, codebuild: FakeCodeBuild) -> ProjectStore:
    return ProjectStore(session.client("s3"), cast(Any, codebuild), STATES, NAMES)


def lock(session: boto3.Session, created: str = "2026-11-21T08:00:00.123456789Z") -> None:
    """Leave Terraform's lock file behind."""
    info = {"ID": "1f2e", "Operation": "OperationTypeApply", "Who": "root@build", "Created": created}
    session.client("s3").put_object(Bucket=STATES, Key=NAMES.lock_key, Body=json.dumps(info).encode())


def test_a_new_project_is_taken_over(store: ProjectStore) -> None:
    assert store.previous_build() == ""
    assert store.take_over(request_of("create"), "runner:1")
    assert store.previous_build() == "runner:1"


def test_a_project_keeps_the_accounts_that_its_stages_began_in(
    store: ProjectStore, codebuild: FakeCodeBuild
) -> None:
    began = {"production_role_arn": "arn:aws:iam::444455556666:role/stages"}
    store.take_over(request_of("create"), "runner:1", began)
    codebuild.ended["runner:1"] = datetime(2026, 11, 21, 8, tzinfo=UTC)
    store.take_over(
        request_of("update"), "runner:2", {"staging_role_arn": "arn:aws:iam::777788889999:role/stages"}
    )
    assert store.stage_roles() == began


def test_a_project_that_nobody_knows_has_no_stages_elsewhere(store: ProjectStore) -> None:
    assert store.stage_roles() == {}


def test_a_record_of_an_earlier_or_a_later_runner_is_read(
    session: boto3.Session, store: ProjectStore
) -> None:
    record = {"stack_id": "arn:1", "build_id": "runner:1", "invented_later": True}
    session.client("s3").put_object(Bucket=STATES, Key=NAMES.record_key, Body=json.dumps(record).encode())
    assert store.previous_build() == "runner:1"
    assert store.unfinished_moves() == {}
    assert not store.has_another_connection("arn:2"), "nobody knows which one it had"


def test_the_same_stack_works_on_after_its_build_is_over(
    store: ProjectStore, codebuild: FakeCodeBuild
) -> None:
    store.take_over(request_of("create"), "runner:1")
    codebuild.ended["runner:1"] = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert store.take_over(request_of("update"), "runner:2")
    assert store.previous_build() == "runner:2"


def test_another_stack_cannot_take_the_project(store: ProjectStore) -> None:
    store.take_over(request_of("create"), "runner:1")
    with pytest.raises(UserError, match="belongs to the stack"):
        store.take_over(request_of("create", StackId=OTHER_STACK), "runner:2")


def test_a_project_cannot_become_another_variant_but_be_deleted(
    store: ProjectStore, codebuild: FakeCodeBuild
) -> None:
    store.take_over(request_of("create"), "runner:1")
    codebuild.ended["runner:1"] = datetime(2026, 11, 21, 8, tzinfo=UTC)
    for kind in ("update", "delete"):
        properties = {**real_event(kind)["ResourceProperties"], "ProjectVariant": "config-only"}
        request = request_of(kind, ResourceProperties=properties)
        if kind == "delete":
            assert store.take_over(request, "runner:2")
            break
        with pytest.raises(
            UserError, match=r"seeded as churn-xgboost-daal4py, .* new project for config-only"
        ):
            store.take_over(request, "runner:2")


def test_a_projects_repositories_cannot_change_but_its_connection_can(
    store: ProjectStore, codebuild: FakeCodeBuild
) -> None:
    created = real_event("create")["ResourceProperties"]
    team = {"ConnectionArn": "arn:1", "BuildRepositoryId": "team/build", "DeployRepositoryId": "team/deploy"}
    store.take_over(request_of("create", ResourceProperties=created | team), "runner:1")
    codebuild.ended["runner:1"] = datetime(2026, 11, 21, 8, tzinfo=UTC)
    codebuild.ended["runner:2"] = datetime(2026, 11, 21, 9, tzinfo=UTC)
    for change in ({}, team | {"BuildRepositoryId": "team/other"}):
        with pytest.raises(UserError, match=r"cannot be changed: this one has team/build team/deploy"):
            store.take_over(request_of("update", ResourceProperties=created | change), "runner:2")
    moved = created | team | {"ConnectionArn": "arn:2"}
    assert store.take_over(request_of("update", ResourceProperties=moved), "runner:2")
    assert store.take_over(request_of("delete", ResourceProperties=created), "runner:3")


def test_a_project_in_codecommit_stays_there(store: ProjectStore, codebuild: FakeCodeBuild) -> None:
    store.take_over(request_of("create"), "runner:1")
    codebuild.ended["runner:1"] = datetime(2026, 11, 21, 8, tzinfo=UTC)
    properties = real_event("update")["ResourceProperties"] | {"BuildRepositoryId": "team/build"}
    with pytest.raises(UserError, match="this one has some in CodeCommit"):
        store.take_over(request_of("update", ResourceProperties=properties), "runner:2")


def test_another_stacks_rollback_leaves_the_project_alone(store: ProjectStore) -> None:
    store.take_over(request_of("create"), "runner:1")
    assert not store.take_over(request_of("delete", StackId=OTHER_STACK), "runner:2")
    assert store.previous_build() == "runner:1"


def test_an_update_does_not_disturb_a_running_build(store: ProjectStore, codebuild: FakeCodeBuild) -> None:
    store.take_over(request_of("create"), "runner:1")
    codebuild.ended["runner:1"] = None
    with pytest.raises(UserError, match="runner:1 still works"):
        store.take_over(request_of("update"), "runner:2")


def test_a_delete_stops_a_running_build(store: ProjectStore, codebuild: FakeCodeBuild) -> None:
    store.take_over(request_of("create"), "runner:1")
    codebuild.ended["runner:1"] = None
    assert store.take_over(request_of("delete"), "runner:2")
    assert codebuild.ended["runner:1"] is not None


def test_two_builds_at_the_same_moment_do_not_both_take_over(
    session: boto3.Session, store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_record", lambda: (None, ""))
    store.take_over(request_of("create"), "runner:1")
    with pytest.raises(UserError, match="at the same moment"):
        store.take_over(request_of("create"), "runner:2")


def test_no_lock_is_no_stale_lock(store: ProjectStore) -> None:
    assert store.stale_lock("runner:1") == ""


def test_the_lock_of_a_dead_build_is_stale(
    session: boto3.Session, store: ProjectStore, codebuild: FakeCodeBuild
) -> None:
    lock(session)
    codebuild.ended["runner:1"] = datetime(2026, 11, 21, 8, 5, tzinfo=UTC)
    assert store.stale_lock("runner:1") == "1f2e"


@pytest.mark.parametrize("previous", ["", "runner:unknown", "runner:running", "runner:earlier"])
def test_somebody_elses_lock_is_left_alone_and_named(
    session: boto3.Session, store: ProjectStore, codebuild: FakeCodeBuild, previous: str
) -> None:
    lock(session)
    codebuild.ended |= {"runner:running": None, "runner:earlier": datetime(2026, 11, 21, 7, tzinfo=UTC)}
    with pytest.raises(UserError, match="locked by root@build since 2026-11-21 08:00 UTC") as refused:
        store.stale_lock(previous)
    assert "terraform force-unlock 1f2e" in str(refused.value)


def test_an_archived_project_leaves_its_state_in_the_archive_only(
    session: boto3.Session, store: ProjectStore
) -> None:
    s3 = session.client("s3")
    store.take_over(request_of("create"), "runner:1")
    s3.put_object(Bucket=STATES, Key=NAMES.state_key, Body=b"{}")
    store.archive(datetime(2026, 11, 21, 8, tzinfo=UTC))
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=STATES)["Contents"]]
    assert keys == ["projects/p-abc123def456/archive/20261121T080000Z.tfstate"]


def test_a_project_without_a_state_is_archived_all_the_same(
    session: boto3.Session, store: ProjectStore
) -> None:
    store.take_over(request_of("create"), "runner:1")
    store.archive(datetime(2026, 11, 21, 8, tzinfo=UTC))
    assert session.client("s3").list_objects_v2(Bucket=STATES)["KeyCount"] == 0
