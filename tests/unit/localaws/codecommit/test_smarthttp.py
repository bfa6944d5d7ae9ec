"""Git over HTTP: an unmodified git clones, pushes and is told about, through the running server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localaws.server import LocalAws
from localaws.services.codecommit import refchanges

REGION = "us-east-1"
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
}


def git(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run git without the user's own configuration."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(cwd),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **IDENTITY,
        **variables,
    }
    return subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture
def clone_url(localaws: LocalAws) -> str:
    """Make a repository with one commit and return its URL on the plain endpoint, with a user name."""
    client = localaws.client("codecommit", REGION)
    client.create_repository(repositoryName="churn")
    client.put_file(repositoryName="churn", branchName="main", filePath="README.md", fileContent=b"hello")
    return f"{localaws.endpoint.replace('http://', 'http://ada:secret@')}/v1/repos/churn"


def test_a_clone_has_the_files_that_the_api_wrote(clone_url: str, tmp_path: Path) -> None:
    done = git("clone", clone_url, "work", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work" / "README.md").read_text() == "hello"


def test_git_without_credentials_is_turned_away(clone_url: str, tmp_path: Path) -> None:
    done = git("clone", clone_url.replace("ada:secret@", ""), "work", cwd=tmp_path)
    assert done.returncode != 0
    assert "could not read Username" in done.stderr


def test_an_unknown_repository_is_not_found(clone_url: str, tmp_path: Path) -> None:
    done = git("clone", f"{clone_url}-not", "work", cwd=tmp_path)
    assert "not found" in done.stderr


def test_a_push_reaches_the_api_and_tells_what_moved(
    localaws: LocalAws, clone_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emitted: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        type(localaws),
        "emit",
        lambda _self, _region, _source, kind, detail, _arns: emitted.append((kind, detail)),
    )
    git("clone", clone_url, "work", cwd=tmp_path)
    work = tmp_path / "work"
    # More than git's 1 MB post buffer, so that the body is chunked.
    (work / "large.bin").write_bytes(os.urandom(1_500_000))
    git("add", ".", cwd=work)
    git("commit", "-m", "Add a large file", cwd=work)
    done = git("push", "origin", "HEAD:main", "HEAD:feature", cwd=work)
    assert done.returncode == 0, done.stderr
    client = localaws.client("codecommit", REGION)
    head = git("rev-parse", "HEAD", cwd=work).stdout.strip()
    assert client.get_branch(repositoryName="churn", branchName="main")["branch"]["commitId"] == head
    told = {detail["referenceName"]: detail for _, detail in emitted}
    assert {kind for kind, _ in emitted} == {"CodeCommit Repository State Change"}
    assert told["feature"]["event"] == "referenceCreated"
    assert told["main"]["event"] == "referenceUpdated"
    assert told["main"]["commitId"] == head
    assert told["main"]["callerUserArn"].endswith("user/ada")


def test_a_first_push_makes_the_default_branch(localaws: LocalAws, tmp_path: Path) -> None:
    client = localaws.client("codecommit", REGION)
    client.create_repository(repositoryName="empty")
    git("init", "--initial-branch=trunk", "work", cwd=tmp_path)
    work = tmp_path / "work"
    git("commit", "--allow-empty", "-m", "Begin", cwd=work)
    url = f"{localaws.endpoint.replace('http://', 'http://ada@')}/v1/repos/empty"
    assert git("push", url, "trunk", cwd=work).returncode == 0
    assert client.get_repository(repositoryName="empty")["repositoryMetadata"]["defaultBranch"] == "trunk"


def test_a_watcher_hears_of_a_commit(
    localaws: LocalAws, clone_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[refchanges.ReferenceChange] = []
    monkeypatch.setattr(refchanges, "_pollers", [heard.append])
    client = localaws.client("codecommit", REGION)
    parent = client.get_branch(repositoryName="churn", branchName="main")["branch"]["commitId"]
    client.delete_file(
        repositoryName="churn",
        branchName="main",
        filePath="README.md",
        parentCommitId=parent,
        keepEmptyFolders=True,
    )
    assert [(change.name, change.old) for change in heard] == [("main", parent)]
