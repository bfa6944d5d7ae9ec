"""Seeding: in batches, deterministic, resumable, and never over a team's commits."""

from __future__ import annotations

from typing import Any, cast

import pytest

from terraform_runner.runner_errors import PlatformError
from terraform_runner.seeding import EMAIL, offer, seed
from terraform_runner.template_bundle import SeedFile

from .fake_codecommit import FakeCodeCommit

OLD, NEW = "a" * 16, "b" * 16


def files(**contents: str) -> dict[str, SeedFile]:
    return {name.replace("__", "."): SeedFile(text.encode(), False) for name, text in contents.items()}


def team_commits(git: FakeCodeCommit, path: str, text: str) -> None:
    git.create_commit(
        branchName="main",
        parentCommitId=git.branches["main"],
        email="someone@example.com",
        commitMessage="Work",
        putFiles=[{"filePath": path, "fileContent": text.encode(), "fileMode": "NORMAL"}],
    )


def seeds(git: FakeCodeCommit, contents: dict[str, SeedFile], version: str = OLD) -> bool:
    return seed(cast(Any, git), "repository", contents, version)


def offers(git: FakeCodeCommit, old: dict[str, SeedFile], new: dict[str, SeedFile]) -> str:
    return offer(cast(Any, git), "repository", old, new, NEW)


def test_an_empty_repository_gets_the_files_with_their_modes_on_main() -> None:
    git = FakeCodeCommit()
    assert seeds(git, {"run.sh": SeedFile(b"#!/bin/sh\n", True), "README.md": SeedFile(b"Hello", False)})
    assert git.tree() == {"run.sh": (b"#!/bin/sh\n", "EXECUTABLE"), "README.md": (b"Hello", "NORMAL")}
    assert {commit.email for commit in git.commits.values()} == {EMAIL}


def test_more_files_than_one_commit_takes_are_seeded_in_several() -> None:
    git = FakeCodeCommit()
    seeds(git, {f"{n:03}": SeedFile(b"x", False) for n in range(250)})
    assert len(git.commits) == 3
    assert len(git.tree()) == 250


def test_more_bytes_than_one_commit_takes_are_seeded_in_several() -> None:
    git = FakeCodeCommit()
    seeds(git, {f"{n}": SeedFile(bytes([n]) * 4_000_000, False) for n in range(3)})
    assert len(git.commits) == 3


def test_a_file_that_the_api_cannot_take_is_named() -> None:
    with pytest.raises(PlatformError, match=r"big\.bin"):
        seeds(FakeCodeCommit(), {"big.bin": SeedFile(b"x" * 6_000_001, False)})


def test_equal_files_make_equal_commits() -> None:
    one, other = FakeCodeCommit(), FakeCodeCommit()
    contents = {f"{n:03}": SeedFile(b"x", False) for n in range(150)}
    seeds(one, contents)
    seeds(other, dict(reversed(contents.items())))
    assert one == other


def test_a_seeding_that_died_goes_on_where_it_stopped() -> None:
    contents = {f"{n:03}": SeedFile(b"x", False) for n in range(250)}
    git = FakeCodeCommit(dies_after=2)
    with pytest.raises(ConnectionError):
        seeds(git, contents)
    git.dies_after = 10
    assert seeds(git, contents)
    assert len(git.commits) == 3
    assert len(git.tree()) == 250


@pytest.mark.parametrize("overtaken_after", [0, 2])
def test_who_is_overtaken_in_seeding_is_told_so_and_goes_on_when_asked_again(overtaken_after: int) -> None:
    contents = {f"{n:03}": SeedFile(b"x", False) for n in range(250)}
    git = FakeCodeCommit()
    commit = git.create_commit

    def overtaken(**arguments: Any) -> dict[str, Any]:
        if len(git.commits) == overtaken_after:
            commit(**arguments)
        return commit(**arguments)

    git.create_commit = overtaken  # type: ignore[method-assign]
    with pytest.raises(PlatformError, match="Somebody else has just committed to branch main of repository"):
        seeds(git, contents)
    git.create_commit = commit  # type: ignore[method-assign]
    seeds(git, contents)
    assert len(git.commits) == 3
    assert len(git.tree()) == 250


def test_a_seeded_repository_is_left_alone() -> None:
    git = FakeCodeCommit()
    seeds(git, files(a="1"))
    assert not seeds(git, files(a="2"), NEW)
    assert not seeds(git, files(a="1"))
    assert len(git.commits) == 1


def test_a_teams_repository_is_left_alone() -> None:
    git = FakeCodeCommit()
    seeds(git, {f"{n:03}": SeedFile(b"x", False) for n in range(101)})
    team_commits(git, "000", "mine")
    assert not seeds(git, {f"{n:03}": SeedFile(b"x", False) for n in range(101)})
    assert git.tree()["000"] == (b"mine", "NORMAL")


def test_what_changed_upstream_is_offered_on_a_branch_and_main_is_left_alone() -> None:
    git = FakeCodeCommit()
    old, new = files(same="1", changed="1", gone="1"), files(same="1", changed="2", added="1")
    seeds(git, old)
    team_commits(git, "same", "mine")
    main = git.branches["main"]

    assert offers(git, old, new) == f"template/{NEW}"

    assert git.branches["main"] == main
    assert git.tree(f"template/{NEW}") == {
        "same": (b"mine", "NORMAL"),
        "changed": (b"2", "NORMAL"),
        "added": (b"1", "NORMAL"),
    }


def test_a_changed_mode_is_a_change() -> None:
    git = FakeCodeCommit()
    old, new = {"run": SeedFile(b"x", False)}, {"run": SeedFile(b"x", True)}
    seeds(git, old)
    assert offers(git, old, new)
    assert git.tree(f"template/{NEW}")["run"] == (b"x", "EXECUTABLE")


def test_nothing_changed_upstream_makes_no_branch() -> None:
    git = FakeCodeCommit()
    seeds(git, files(a="1"))
    assert offers(git, files(a="1"), files(a="1")) == ""
    assert list(git.branches) == ["main"]


def test_what_main_already_has_is_not_offered() -> None:
    git = FakeCodeCommit()
    seeds(git, files(a="1", b="1"))
    team_commits(git, "a", "2")
    assert offers(git, files(a="1", b="1", c="1"), files(a="2", b="1")) == ""
    assert list(git.branches) == ["main"]


def test_offering_again_changes_nothing_even_after_main_moved() -> None:
    git = FakeCodeCommit()
    old, new = files(a="1"), files(a="2")
    seeds(git, old)
    offers(git, old, new)
    team_commits(git, "b", "mine")
    count = len(git.commits)
    assert offers(git, old, new) == f"template/{NEW}"
    assert len(git.commits) == count


def test_an_offer_that_died_goes_on_where_it_stopped() -> None:
    git = FakeCodeCommit()
    old = {f"{n:03}": SeedFile(b"1", False) for n in range(150)}
    new = {f"{n:03}": SeedFile(b"2", False) for n in range(150)}
    seeds(git, old)
    git.dies_after = len(git.commits) + 1
    with pytest.raises(ConnectionError):
        offers(git, old, new)
    git.dies_after = 100
    assert offers(git, old, new)
    assert {content for content, _ in git.tree(f"template/{NEW}").values()} == {b"2"}


def test_a_branch_of_that_name_without_commits_of_ours_is_filled() -> None:
    git = FakeCodeCommit()
    seeds(git, files(a="1"))
    git.create_branch("repository", f"template/{NEW}", git.branches["main"])
    assert offers(git, files(a="1"), files(a="2"))
    assert git.tree(f"template/{NEW}")["a"] == (b"2", "NORMAL")
