"""A local AWS with the published platform for each group of tests, in which its projects live side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlproject.rehearsal import logs
from mlproject.rehearsal.life import Life
from mlproject.rehearsal.local import LocalAws, running
from mlproject.rehearsal.report import Summary

LONGEST_NAME = "1-" + "x" * 30
"""32 characters, the most that SageMaker takes, and a digit first."""

OUTPUT = Path(__file__).parents[2] / "build/rehearsal-tests"


@pytest.fixture(scope="session", autouse=True)
def groups_hold(request: pytest.FixtureRequest) -> None:
    """Fail where pytest-xdist scatters groups: each worker would make, and train, their projects anew."""
    if getattr(request.config.option, "loadgroup", False):
        scattered = [
            item.nodeid for item in request.session.items if not item.nodeid.endswith(group_of(item))
        ]
        assert scattered == [], "this pytest-xdist does not see groups with this pytest"


def group_of(item: pytest.Item) -> str:
    """Return how pytest-xdist ends the name of a test in a group."""
    group = item.get_closest_marker("xdist_group")
    return f"@{group.args[0]}" if group else ""


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running(tmp_path_factory.mktemp("rehearsal"), keep=False) as started:
        yield started


@pytest.fixture(scope="session")
def platform(local: LocalAws, worker_id: str) -> Iterator[Life]:
    """The published platform, as the life of somebody who has only published it."""
    publisher = Life(local, local.session(), Summary("processes"))
    publisher.publish()
    yield publisher
    logs.save(publisher.session, OUTPUT / worker_id / "logs")


@pytest.fixture(scope="session")
def new_life(platform: Life) -> Callable[[str], Life]:
    """Return what makes the life of a project of a given name, not yet created."""

    def made(name: str) -> Life:
        life = Life(platform.local, platform.session, Summary("processes"), name=name)
        life.published, life.lead = platform.published, platform.lead
        return life

    return made


@pytest.fixture(scope="session")
def trained(new_life: Callable[[str], Life]) -> Life:
    """A project of the longest name, its first model registered."""
    life = new_life(LONGEST_NAME)
    life.create()
    life.train()
    return life


@pytest.fixture(scope="session")
def staged(trained: Life) -> Life:
    """The same project, its model in staging and waiting at the production gate."""
    trained.wait_for_nothing_to_deploy()
    trained.approve_model()
    trained.deploy_to_staging()
    return trained
