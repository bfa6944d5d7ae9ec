"""Create, update and delete: what is done in which order, and what is left when it goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from terraform_runner import __main__ as edge
from terraform_runner import lifecycle, source_repositories
from terraform_runner.cloudformation_reply import Outcome
from terraform_runner.connection import Connection
from terraform_runner.git_remote import GitRemote
from terraform_runner.git_seeding import SeedWaits
from terraform_runner.project_request import ProjectRequest
from terraform_runner.runner_errors import UserError
from terraform_runner.runner_settings import RunnerSettings
from terraform_runner.way_back import Moves

from .conftest import ARTIFACTS, REGION, STATES, published, real_event, request_of, rolled_back, run, zipped

BUNDLE = {
    "terraform/main.tf": b"# stack",
    "repositories/modelbuild/a": b"1",
    "repositories/modeldeploy/b": b"1",
}

TEAM = {
    "ConnectionArn": "arn:aws:codeconnections:eu-central-1:123456789012:connection/"
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "BuildRepositoryId": "team/build",
    "DeployRepositoryId": "team/deploy",
}


@dataclass
class Recorded:
    """Stands for Terraform, the repositories and the account; remembers what was done, in order."""

    done: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    backend: dict[str, str] = field(default_factory=dict)
    state: list[str] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)
    fails_at: str = ""

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what == self.fails_at:
            raise UserError(f"terraform {what} failed: because")

    def init(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self._do("init")

    def apply(self, target: str = "", planned: Callable[[Moves], None] = lambda _: None) -> None:
        planned(self.moves)
        self._do(f"apply {target}".strip())

    def move(self, source: str, destination: str) -> None:
        self._do(f"move {source} to {destination}")

    def destroy(self) -> None:
        self._do("destroy")

    def outputs(self) -> dict[str, str]:
        return {"project_bucket": "sagemaker-churn"}

    def addresses(self) -> list[str]:
        return self.state

    def forget(self, addresses: list[str]) -> None:
        self._do(f"forget {' '.join(addresses)}".strip())

    def unlock(self, lock_id: str) -> None:
        self._do(f"unlock {lock_id}")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Give a record of what a lifecycle does to the world."""
    record = Recorded()

    def stack(_: str, __: Path, backend: dict[str, str], ___: Any) -> Recorded:
        record.backend = backend
        return record

    def seed(_: Any, repository: str, *__: Any) -> bool:
        record._do(f"seed {repository.rpartition('-')[2]}")
        return True

    def offer(_: Any, repository: str, *__: Any) -> str:
        record._do(f"offer {repository.rpartition('-')[2]}")
        return "template/x" if repository.endswith("modelbuild") else ""

    class NoInventory:
        def __init__(self, *_: Any) -> None: ...

        def sweep(self, keep_data: bool) -> list[str]:
            record._do("sweep, keeping data" if keep_data else "sweep")
            return []

    monkeypatch.setattr(lifecycle, "TerraformStack", stack)
    monkeypatch.setattr(lifecycle, "install", lambda *_: "terraform")
    monkeypatch.setattr(source_repositories, "seed", seed)
    monkeypatch.setattr(source_repositories, "offer", offer)
    monkeypatch.setattr(lifecycle, "Inventory", NoInventory)
    monkeypatch.setattr(lifecycle, "tear_down", lambda *_: record._do("tear down"))
    return record


def request_for(session: boto3.Session, kind: str, **properties: str) -> ProjectRequest:
    """Return the request, made from a bundle that is published."""
    version = published(session, zipped(BUNDLE))
    event = real_event(kind)
    changes: dict[str, Any] = {"ResourceProperties": {**event["ResourceProperties"], **version, **properties}}
    return request_of(kind, **changes)


def test_a_project_is_made_repositories_first(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    outcome = run(session, settings, request_for(session, "create"))
    assert recorded.done == [
        "init",
        "apply module.repositories",
        "seed modelbuild",
        "seed modeldeploy",
        "apply",
    ]
    assert outcome == Outcome(True, "The project is ready.", {"project_bucket": "sagemaker-churn"})


def test_a_project_of_the_teams_repositories_seeds_them_by_git_and_leaves_them(
    session: boto3.Session,
    settings: RunnerSettings,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def seed_remote(remote: GitRemote, *_: Any) -> bool:
        recorded._do(f"push {remote.name}")
        return True

    monkeypatch.setattr(source_repositories, "seed_remote", seed_remote)
    monkeypatch.setattr(Connection, "host", lambda _: "https://gitlab.com")
    run(session, settings, request_for(session, "create", **TEAM))
    assert recorded.done == [
        "init",
        "apply module.repositories",
        "push team/build",
        "push team/deploy",
        "apply",
    ]
    assert recorded.variables["repository_host"] == "https://gitlab.com"
    assert recorded.variables["build_repository_id"] == "team/build"
    outcome = run(session, settings, request_for(session, "delete", **TEAM))
    assert outcome.reason.endswith("The repositories team/build and team/deploy are the team's and stay.")


def test_a_connection_that_cannot_be_used_stops_a_project_before_anything_is_made_but_not_its_deletion(
    session: boto3.Session,
    settings: RunnerSettings,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def host(_: Connection) -> str:
        raise UserError("The connection team is PENDING")

    monkeypatch.setattr(Connection, "host", host)
    with pytest.raises(UserError, match="PENDING"):
        run(session, settings, request_for(session, "create", **TEAM))
    assert recorded.done == []
    assert run(session, settings, request_for(session, "delete", **TEAM)).succeeded


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give what is wrong with connections, by ARN; the others can be used."""
    wrong: dict[str, str] = {}

    def host(connection: Connection) -> str:
        if connection.arn in wrong:
            raise UserError(wrong[connection.arn])
        return "https://gitlab.com"

    monkeypatch.setattr(Connection, "host", host)
    monkeypatch.setattr(source_repositories, "seed_remote", lambda *_: False)
    monkeypatch.setattr(
        source_repositories, "offer_remote", lambda remote, *_: f"template/x of {remote.name}"
    )
    return wrong


def with_clone_url(session: boto3.Session) -> None:
    """Leave a state with the output that tells where people clone from."""
    outputs = {"model_build_clone_url": {"value": "https://gitlab.com/team/build.git", "type": "string"}}
    with_state(session, json.dumps({"version": 4, "outputs": outputs}))


def test_a_connection_that_broke_since_keeps_no_project_from_being_updated(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded, breaking: dict[str, str]
) -> None:
    run(session, settings, older(session, **TEAM))
    with_clone_url(session)
    breaking[TEAM["ConnectionArn"]] = "The connection team is PENDING"
    recorded.done.clear()
    outcome = run(session, settings, request_for(session, "update", **TEAM))
    assert outcome.succeeded
    assert (
        outcome.reason
        == "The project is up to date, but for its repositories: The connection team is PENDING"
    )
    assert recorded.done == ["init", "apply"]
    assert recorded.variables["repository_host"] == "https://gitlab.com"
    breaking.clear()
    mended = run(session, settings, request_for(session, "update", **TEAM))
    assert "branch template/x of team/build" in mended.reason, (
        "what changed meanwhile is offered late, but is"
    )


def test_an_update_to_a_connection_that_cannot_be_used_fails_and_is_rolled_back_even_to_a_broken_one(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded, breaking: dict[str, str]
) -> None:
    created = request_for(session, "create", **TEAM)
    run(session, settings, created)
    with_clone_url(session)
    other = TEAM | {"ConnectionArn": TEAM["ConnectionArn"].replace("1234abcd", "00000000")}
    breaking |= {TEAM["ConnectionArn"]: "deleted", other["ConnectionArn"]: "pending"}
    update = request_for(session, "update", **other)
    with pytest.raises(UserError, match="pending"):
        run(session, settings, update)
    assert run(session, settings, rolled_back(update, created)).succeeded


def test_both_repositories_that_wait_for_a_merge_are_told_at_once(
    session: boto3.Session,
    settings: RunnerSettings,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def seed_remote(remote: GitRemote, *_: Any) -> bool:
        raise SeedWaits(f"{remote.name} waits.")

    monkeypatch.setattr(source_repositories, "seed_remote", seed_remote)
    monkeypatch.setattr(Connection, "host", lambda _: "https://gitlab.com")
    with pytest.raises(UserError, match=r"team/build waits\. team/deploy waits\."):
        run(session, settings, request_for(session, "create", **TEAM))
    assert recorded.done == ["init", "apply module.repositories"]


def test_terraform_is_told_of_a_network_and_of_packages_where_there_is_no_internet(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    isolated = settings.model_copy(
        update={
            "vpc_id": "vpc-1",
            "subnet_ids": "subnet-1,subnet-2",
            "security_group_ids": "sg-1",
            "base_image_repository": "registry/base-images",
        }
    )
    run(session, isolated, request_for(session, "create"))
    assert recorded.variables["network"] == {
        "vpc_id": "vpc-1",
        "subnet_ids": ["subnet-1", "subnet-2"],
        "security_group_ids": ["sg-1"],
    }
    assert recorded.variables["vendored"] == {
        "packages_uri": f"s3://{ARTIFACTS}/vendor/packages",
        "base_image_repository": "registry/base-images",
    }


def test_terraform_is_told_the_platforms_facts_and_where_the_state_is(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    run(session, settings, request_for(session, "create"))
    assert recorded.variables["permissions_boundary_arn"] == settings.permissions_boundary_arn
    assert recorded.variables["kms_key_arn"] == settings.kms_key_arn
    assert recorded.variables["network"] is None
    assert recorded.variables["vendored"] is None
    assert recorded.backend == {
        "bucket": STATES,
        "key": "projects/p-abc123def456/terraform.tfstate",
        "region": REGION,
        "kms_key_id": settings.kms_key_arn,
        "encrypt": "true",
        "use_lockfile": "true",
    }


def older(session: boto3.Session, **properties: str) -> ProjectRequest:
    """Return the request that created the project, from a bundle before this one."""
    version = published(session, zipped({**BUNDLE, "repositories/modelbuild/a": b"0"}))
    event = real_event("create")
    return request_of("create", ResourceProperties={**event["ResourceProperties"], **version, **properties})


def test_an_update_applies_first_and_offers_then(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    run(session, settings, older(session))
    recorded.done.clear()
    outcome = run(session, settings, request_for(session, "update"))
    # No target: what has moved since the project was made may be anywhere in the state.
    assert recorded.done == [
        "init",
        "apply",
        "seed modelbuild",
        "seed modeldeploy",
        "offer modelbuild",
        "offer modeldeploy",
    ]
    assert "branch template/x of sagemaker-churn-p-abc123def456-modelbuild" in outcome.reason


def test_an_update_of_parameters_only_offers_nothing(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    run(session, settings, request_for(session, "create"))
    run(session, settings, request_for(session, "update"))
    assert recorded.done[-1] == "seed modeldeploy"


def test_rolling_a_failed_update_back_takes_nothing_back(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    created = older(session)
    run(session, settings, created)
    update = request_for(session, "update")
    recorded.fails_at = "apply"
    with pytest.raises(UserError):
        run(session, settings, update)
    recorded.fails_at = ""

    assert run(session, settings, rolled_back(update, created)).reason == "The project is up to date."
    assert not any(step.startswith("offer") for step in recorded.done)


def test_what_an_update_began_to_move_is_moved_back_before_another_template_is_applied(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    created, update = older(session), request_for(session, "update")
    run(session, settings, created)
    recorded.moves, recorded.fails_at = {"module.new.a": "a"}, "apply"
    with pytest.raises(UserError):
        run(session, settings, update)
    recorded.state, recorded.moves, recorded.fails_at = ["module.new.a", "b"], {}, ""
    recorded.done.clear()
    run(session, settings, rolled_back(update, created))
    assert recorded.done[:3] == ["init", "move module.new.a to a", "apply"]
    recorded.done.clear()
    run(session, settings, rolled_back(update, created))
    assert recorded.done[:2] == ["init", "apply"]


def test_an_update_that_moved_and_ended_well_has_nothing_to_move_back(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    run(session, settings, older(session))
    recorded.moves, recorded.state = {"module.new.a": "a"}, ["module.new.a"]
    run(session, settings, request_for(session, "update"))
    recorded.moves = {}
    run(session, settings, request_for(session, "update"))
    assert not any(step.startswith("move") for step in recorded.done)


def test_an_update_survives_that_its_old_bundle_is_gone(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    created = older(session)
    run(session, settings, created)
    key = created.resource_properties.bundle_key
    session.client("s3").delete_object(Bucket=ARTIFACTS, Key=key)
    outcome = run(session, settings, request_for(session, "update"))
    assert outcome.succeeded
    assert "is not in the artifact bucket" in outcome.reason


def test_a_project_cannot_be_renamed(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    request = request_for(session, "update", SageMakerProjectName="other")
    with pytest.raises(UserError, match="cannot be changed"):
        run(session, settings, request)
    assert "apply" not in recorded.done


def test_an_unknown_variant_is_refused_before_anything_is_made(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    with pytest.raises(UserError, match="no project variant 'speech': choose one of churn-xgboost-daal4py"):
        run(session, settings, request_for(session, "create", ProjectVariant="speech"))
    assert recorded.done == []


def with_state(session: boto3.Session, state: str = "{}") -> None:
    """Leave a state behind, as Terraform would."""
    key = "projects/p-abc123def456/terraform.tfstate"
    session.client("s3").put_object(Bucket=STATES, Key=key, Body=state.encode())


def test_a_delete_empties_destroys_sweeps_and_archives(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    with_state(session)
    outcome = run(session, settings, request_for(session, "delete"))
    assert recorded.done == ["tear down", "init", "destroy", "sweep"]
    assert outcome.succeeded
    (archived,) = session.client("s3").list_objects_v2(Bucket=STATES)["Contents"]
    assert archived["Key"].startswith("projects/p-abc123def456/archive/")


def test_what_never_had_a_state_is_deleted_without_terraform_or_bundle(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    request = request_for(session, "delete", TemplateVersion="f" * 16)
    assert run(session, settings, request).succeeded
    assert recorded.done == ["tear down", "sweep"]
    assert session.client("s3").list_objects_v2(Bucket=STATES)["KeyCount"] == 0


def test_deleting_twice_succeeds(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    request = request_for(session, "delete")
    run(session, settings, request)
    assert run(session, settings, request).succeeded


def test_data_that_is_kept_is_forgotten_before_the_rest_is_destroyed(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    with_state(session)
    recorded.state = [
        "module.storage.aws_s3_bucket.this",
        "module.storage.aws_s3_bucket_policy.this",
        'module.storage.aws_ecr_repository.this["model"]',
        'module.repositories.aws_codecommit_repository.this["modelbuild"]',
    ]
    run(session, settings, request_for(session, "delete", KeepDataOnDelete="true"))
    assert recorded.done == [
        "tear down",
        "init",
        "forget module.storage.aws_s3_bucket.this module.storage.aws_s3_bucket_policy.this",
        "destroy",
        "sweep, keeping data",
    ]


def test_a_project_of_another_stack_is_not_deleted(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    run(session, settings, request_for(session, "create"))
    recorded.done.clear()
    other = request_for(session, "delete").model_copy(update={"stack_id": "arn:other"})
    assert run(session, settings, other).succeeded
    assert recorded.done == []


def test_a_failed_delete_can_be_tried_again(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded
) -> None:
    with_state(session)
    recorded.fails_at = "destroy"
    request = request_for(session, "delete")
    with pytest.raises(UserError):
        run(session, settings, request)
    recorded.fails_at = ""
    assert run(session, settings, request).succeeded


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, settings: RunnerSettings) -> list[bytes]:
    """Give what CloudFormation is told when the program runs as in a build."""
    for name, value in settings.model_dump().items():
        monkeypatch.setenv(name.upper(), str(value))
    sent: list[bytes] = []
    monkeypatch.setattr(edge, "reply", lambda _, __, ___, body: sent.append(body))
    return sent


def stored(session: boto3.Session, request: ProjectRequest, settings: RunnerSettings) -> None:
    """Store the event as the function does."""
    event = request.model_dump_json(by_alias=True).replace(
        "**********", request.response_url.get_secret_value()
    )
    session.client("s3").put_object(Bucket=ARTIFACTS, Key=settings.request_key, Body=event.encode())


def test_the_program_answers_and_ends_well(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded, answers: list[bytes]
) -> None:
    stored(session, request_for(session, "create"), settings)
    assert edge.main() == 0
    assert b'"Status": "SUCCESS"' in answers[0]


@pytest.mark.parametrize("place", ["init", "apply module.repositories", "seed modeldeploy", "apply"])
def test_a_failure_anywhere_is_answered_with_its_reason(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded, answers: list[bytes], place: str
) -> None:
    recorded.fails_at = place
    stored(session, request_for(session, "create"), settings)
    assert edge.main() == 1
    assert b'"Status": "FAILED"' in answers[0]
    assert f"terraform {place} failed: because".encode() in answers[0]


def test_even_our_own_bug_is_answered(
    session: boto3.Session,
    settings: RunnerSettings,
    recorded: Recorded,
    answers: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "install", lambda *_: 1 / 0)
    stored(session, request_for(session, "create"), settings)
    assert edge.main() == 1
    assert b"ZeroDivisionError" in answers[0]


def test_a_second_build_for_the_same_request_does_nothing(
    session: boto3.Session, settings: RunnerSettings, recorded: Recorded, answers: list[bytes]
) -> None:
    stored(session, request_for(session, "create"), settings)
    edge.main()
    recorded.done.clear()
    assert edge.main() == 0
    assert recorded.done == []
    assert len(answers) == 1
