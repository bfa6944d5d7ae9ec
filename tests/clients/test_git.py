"""git reaches CodeCommit's repositories plainly, by the CLI's credential helper and by git-remote-codecommit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from localaws.server import LocalAws

REGION = "eu-west-1"
AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
HOST = f"https://git-codecommit.{REGION}.amazonaws.com"


@pytest.fixture
def repository(localaws: LocalAws, request: pytest.FixtureRequest) -> str:
    """Return the name of an empty repository."""
    name = re.sub(r"\W+", "-", request.node.name)
    localaws.client("codecommit", REGION).create_repository(repositoryName=name)
    return str(name)


def push_and_clone(programs: Any, url: str, options: tuple[str, ...], inside: bool) -> None:
    """Push a first commit to ``url`` and clone it again."""
    source: Path = programs.folder / "source"
    programs.run("git", "init", "-q", "-b", "main", source)
    (source / "README.md").write_text("hello")
    programs.run("git", "add", ".", cwd=source)
    programs.run("git", *AUTHOR, "commit", "-q", "-m", "First", cwd=source)
    programs.run("git", *options, "push", "-q", url, "HEAD:main", cwd=source, inside=inside)
    programs.run("git", *options, "clone", "-q", "-b", "main", url, "copy", inside=inside)
    assert (programs.folder / "copy/README.md").read_text() == "hello"


def test_a_user_name_and_a_password_open_a_repository(
    programs: Any, localaws: LocalAws, repository: str
) -> None:
    url = localaws.endpoint.replace("http://", "http://me:secret@")
    push_and_clone(programs, f"{url}/v1/repos/{repository}", (), inside=False)


def test_the_credential_helper_opens_a_repository(programs: Any, repository: str) -> None:
    helper = programs.path("client-awscli", "aws")
    options = (
        "-c",
        f"credential.helper=!{helper} codecommit credential-helper $@",
        "-c",
        "credential.UseHttpPath=true",
    )
    push_and_clone(programs, f"{HOST}/v1/repos/{repository}", options, inside=True)


@pytest.mark.parametrize("url", ["codecommit::{region}://{name}", "codecommit://{name}"])
def test_git_remote_codecommit_opens_a_repository(
    programs: Any, localaws: LocalAws, repository: str, url: str
) -> None:
    programs.inside["PATH"] = f"{programs.path('client-awscli', 'aws').parent}:{programs.inside['PATH']}"
    push_and_clone(programs, url.format(region=REGION, name=repository), (), inside=True)
    commits = localaws.client("codecommit", REGION)
    commit = commits.get_branch(repositoryName=repository, branchName="main")["branch"]["commitId"]
    assert commits.get_commit(repositoryName=repository, commitId=commit)["commit"]["message"] == "First\n"
