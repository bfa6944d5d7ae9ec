"""Projects that cannot be made, that die on the way, and that end: each tells why and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mlproject import catalog, projects, publish
from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal.inventory import account_inventory
from mlproject.rehearsal.life import Life
from mlproject.rehearsal.local import ACCOUNT_ID

pytestmark = pytest.mark.slow

NewLife = Callable[[str], Life]


def start(life: Life) -> projects.Project:
    """Start a project's creation, without its images."""
    product = catalog.find(life.lead, publish.PRODUCT_NAME)
    life.before = account_inventory(life.session)
    life.project = projects.create(life.lead, product, life.name, {})
    return life.project


def failure(life: Life) -> str:
    """Wait for the creation to fail and return the reason; only Service Catalog may remember the project."""
    with pytest.raises(PlatformError) as failed:
        projects.wait(life.lead, life.project, lambda _: None)
    left = {
        entry for entry in account_inventory(life.session) - life.before if life.project.project_id in entry
    }
    assert left == {f"servicecatalog: {life.name}-{life.project.project_id}"}
    return str(failed.value)


def forget(life: Life) -> None:
    """Delete what remains of a failed project: its entry in Service Catalog."""
    projects.delete(life.lead, life.project)
    projects.wait_deleted(life.lead, life.project, lambda _: None)
    assert not {entry for entry in account_inventory(life.session) if life.project.project_id in entry}


@pytest.mark.parametrize("name", ["-churn", "churn-", "two words", "under_score", "x" * 33, ""])
def test_a_name_that_sagemaker_refuses_never_becomes_a_project(new_life: NewLife, name: str) -> None:
    with pytest.raises((UserError, Exception), match=r"(?i)name"):
        start(new_life(name))


def test_a_bundle_with_another_checksum_is_not_run(new_life: NewLife) -> None:
    life = new_life("tampered")
    s3, bucket = life.session.client("s3"), life.published.artifact_bucket
    key = f"bundles/{life.published.version}.zip"
    good = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=good + b"!")
    try:
        start(life)
        reason = failure(life)
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=good)
    assert "SHA-256" in reason
    forget(life)


def test_a_terraform_error_is_the_projects_reason_and_is_rolled_back(new_life: NewLife) -> None:
    life = new_life("taken")
    start(life)
    bucket = f"{life.project.names.short_prefix}-{ACCOUNT_ID}".lower()
    life.session.client("s3").create_bucket(Bucket=bucket)
    life.before |= {f"s3: {bucket}"}
    reason = failure(life)
    assert "BucketAlready" in reason
    forget(life)


@contextmanager
def killed_runner(life: Life) -> Iterator[None]:
    """Kill the runner with no chance to clean up once Terraform has made the first repository."""
    wanted = life.project.names.repository("modelbuild")
    repositories = life.session.client("codecommit")
    deadline = time.monotonic() + 180
    while not any(
        each["repositoryName"] == wanted for each in repositories.list_repositories()["repositories"]
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    found = subprocess.run(
        ["pgrep", "-f", "python -m terraform_runner"], check=True, capture_output=True, text=True
    )
    for process in found.stdout.split():
        os.kill(int(process), signal.SIGKILL)
    yield


def test_a_runner_killed_in_mid_apply_fails_the_stack_and_a_retry_works(
    neighbours: tuple[Life, Life], new_life: NewLife
) -> None:
    life = new_life("phoenix")
    start(life)
    with killed_runner(life):
        died = time.monotonic()
        reason = failure(life)
    assert "build" in reason.lower()
    assert time.monotonic() - died < 120, "told at once and rolled back"
    forget(life)
    again = new_life("phoenix")
    start(again)
    assert projects.wait(again.lead, again.project, lambda _: None).status == "CreateCompleted"
    again.delete()


def test_two_projects_live_at_once_and_share_no_name(neighbours: tuple[Life, Life]) -> None:
    longest, churn = neighbours
    assert {longest.project.status, churn.project.status} == {"CreateCompleted"}
    inventory = account_inventory(churn.session)
    assert any(longest.project.project_id in entry for entry in inventory)
    assert not any(
        longest.project.project_id in entry and churn.project.project_id in entry for entry in inventory
    )


def test_a_deleted_project_leaves_nothing_and_is_deleted_once(neighbours: tuple[Life, Life]) -> None:
    churn = neighbours[1]
    projects.delete(churn.lead, churn.project)
    projects.wait_deleted(churn.lead, churn.project, lambda _: None)
    left = {entry for entry in account_inventory(churn.session) if churn.project.project_id in entry}
    assert not left
    with pytest.raises(UserError):
        projects.delete(churn.lead, churn.project)


def test_a_project_may_take_the_name_of_a_deleted_one(new_life: NewLife) -> None:
    life = new_life("churn")
    start(life)
    assert projects.wait(life.lead, life.project, lambda _: None).status == "CreateCompleted"
    life.delete()
