"""Git by a connection: an unmodified git reaches a provider's repository as AWS lets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import IDENTITY, GitHub, git


def test_what_the_team_pushed_is_cloned_by_the_connection(github: GitHub, tmp_path: Path) -> None:
    github.complete()
    github.push(tmp_path / "team", "README.md", "hello")
    git("clone", "--quiet", github.connection_url, str(tmp_path / "aws"))
    assert (tmp_path / "aws/README.md").read_text() == "hello"


def test_a_push_by_the_connection_reaches_the_team(github: GitHub, tmp_path: Path) -> None:
    github.complete()
    git("clone", "--quiet", github.connection_url, str(tmp_path / "aws"))
    (tmp_path / "aws/seed.txt").write_text("seed")
    git("add", ".", cwd=tmp_path / "aws")
    git(*IDENTITY, "commit", "--quiet", "-m", "Seed", cwd=tmp_path / "aws")
    git("push", "--quiet", "origin", "HEAD:main", cwd=tmp_path / "aws")
    git("clone", "--quiet", github.team_url, str(tmp_path / "team"))
    assert (tmp_path / "team/seed.txt").read_text() == "seed"


def test_a_connection_that_was_not_completed_lets_nobody_in(github: GitHub, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="403"):
        git("clone", github.connection_url, str(tmp_path / "aws"))


def test_a_repository_that_the_provider_lacks_is_not_found(github: GitHub, tmp_path: Path) -> None:
    github.complete()
    with pytest.raises(RuntimeError, match="not found"):
        git("clone", github.connection_url.replace("churn.git", "other.git"), str(tmp_path / "aws"))


def test_git_without_credentials_is_turned_away_by_aws(github: GitHub, tmp_path: Path) -> None:
    github.complete()
    anonymous = "http://" + github.connection_url.partition("@")[2]
    with pytest.raises(RuntimeError, match="could not read Username"):
        git("clone", anonymous, str(tmp_path / "aws"))
