"""Projects that cannot be made, that die on the way, and that end: each tells why and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlproject import catalog, projects, publish
from mlproject.errors import PlatformError, UserError
from mlproject.faults import injection
from mlproject.rehearsal.inventory import account_inventory
from mlproject.rehearsal.life import Life
from mlproject.rehearsal.local import ACCOUNT_ID

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("projects")]

NewLife = Callable[[str], Life]


@pytest.fixture(scope="module")
def reason_of_killed(new_life: NewLife) -> str:
    """Why the first project of the name "churn" failed: its runner was killed; nothing is left of it."""
    life = new_life("churn")
    start(life)
    kill_runner(life)
    died = time.monotonic()
    reason = failure(life)
    assert time.monotonic() - died < 120, "told at once and rolled back"
    forget(life)
    return reason


@pytest.fixture(scope="module")
def neighbours(reason_of_killed: str, new_life: NewLife) -> tuple[Life, Life]:
    """Two projects created at once; the name of one begins with the other's, whose first creation failed."""
    lives = new_life("churn-2"), new_life("churn")
    with ThreadPoolExecutor(len(lives)) as people:
        for created in [people.submit(life.create) for life in lives]:
            created.result()
    return lives


@pytest.fixture(scope="module")
def deleted(neighbours: tuple[Life, Life]) -> Life:
    """The second of them, deleted while the first lives on; nothing is left of it."""
    forget(neighbours[1])
    return neighbours[1]


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
    """Delete a project, or what remains of a failed one: its entry in Service Catalog."""
    projects.delete(life.lead, life.project)
    projects.wait_deleted(life.lead, life.project, lambda _: None)
    assert not {entry for entry in account_inventory(life.session) if life.project.project_id in entry}


def kill_runner(life: Life) -> None:
    """Kill the runner with no chance to clean up once Terraform has made the first repository."""
    wanted = life.project.names.repository("modelbuild")
    client = life.session.client("codecommit")

    def is_made() -> bool:
        return wanted in {each["repositoryName"] for each in client.list_repositories()["repositories"]}

    injection.until(is_made, f"no repository {wanted}", 180)
    injection.kill(life.local.endpoint, "python -m terraform_runner")


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


def test_a_runner_killed_in_mid_apply_fails_the_stack(reason_of_killed: str) -> None:
    assert "build" in reason_of_killed.lower()


def test_two_projects_live_at_once_and_share_no_name_once_a_retry_works(
    neighbours: tuple[Life, Life],
) -> None:
    longer, churn = neighbours
    assert {longer.project.status, churn.project.status} == {"CreateCompleted"}
    inventory = account_inventory(churn.session)
    assert any(longer.project.project_id in entry for entry in inventory)
    assert not any(
        longer.project.project_id in entry and churn.project.project_id in entry for entry in inventory
    )


def test_a_project_is_deleted_once(deleted: Life) -> None:
    with pytest.raises(UserError):
        projects.delete(deleted.lead, deleted.project)
