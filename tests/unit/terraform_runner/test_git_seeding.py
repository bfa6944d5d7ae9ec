"""Seeding the team's own repositories by git: on main where it is theirs to give, else on a branch to be merged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from terraform_runner.git_remote import GitRemote, PushRefused
from terraform_runner.git_seeding import SeedWaits, offer_remote, seed_remote
from terraform_runner.runner_errors import PlatformError, UserError
from terraform_runner.seeding import Change
from terraform_runner.template_bundle import SeedFile

OLD, NEW = "a" * 16, "b" * 16
SEED = {
    "README.md": SeedFile(b"How to train", False),
    "buildspec/test.yml": SeedFile(b"version: 0.2", False),
    "run.sh": SeedFile(b"#!/bin/sh\n", True),
}


class Provider:
    """A bare repository at a provider, and what the team does there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bare = folder / "bare.git"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), cwd=folder)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        environment = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": os.devnull}
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(
            ["git", *who, *arguments],
            cwd=cwd or self.bare,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def team_pushes(self, path: str, text: str, branch: str = "main") -> None:
        """Push one file more to a branch."""
        work = self.folder / "team"
        if not work.exists():
            self.git("clone", "--quiet", str(self.bare), str(work), cwd=self.folder)
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
        self.git("add", ".", cwd=work)
        self.git("commit", "--quiet", "-m", "Work", cwd=work)
        self.git("push", "--quiet", "origin", f"HEAD:{branch}", cwd=work)

    def protect(self, branch: str) -> None:
        """Forbid pushes to a branch, as providers do with protected ones."""
        hook = self.bare / "hooks/update"
        hook.write_text(
            f'#!/bin/sh\n[ "$1" != refs/heads/{branch} ] || {{ echo protected branch; exit 1; }}\n'
        )
        hook.chmod(0o755)

    def files(self, branch: str = "main") -> dict[str, str]:
        """Return mode and content of every file of a branch."""
        listed = self.git("ls-tree", "-r", branch).splitlines()
        return {line.split("\t")[1]: line.split()[0] for line in listed}

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def remote(self, name: str = "clone") -> GitRemote:
        """Return the repository as a runner's build reaches it."""
        return GitRemote("team/churn", self.bare.as_uri(), self.folder / name, lambda _: "Basic bm9uZQ==")


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(tmp_path)


def test_an_empty_repository_gets_the_seed_on_main_with_its_modes(provider: Provider) -> None:
    assert seed_remote(provider.remote(), SEED, OLD)
    assert provider.files() == {"README.md": "100644", "buildspec/test.yml": "100644", "run.sh": "100755"}
    assert provider.git("log", "-1", "--format=%s", "main") == f"Seed from template {OLD}"


def test_a_repository_that_was_seeded_is_left_alone(provider: Provider) -> None:
    seed_remote(provider.remote(), SEED, OLD)
    before = provider.git("rev-parse", "main")
    assert not seed_remote(provider.remote("again"), SEED, NEW)
    assert provider.git("rev-parse", "main") == before


@pytest.mark.parametrize("path", ["README.md", "LICENSE", ".gitignore", "readme.rst"])
def test_what_providers_begin_a_repository_with_does_not_hinder_seeding(
    provider: Provider, path: str
) -> None:
    provider.team_pushes(path, "made by the provider")
    assert seed_remote(provider.remote(), SEED, OLD)
    assert {*SEED, path} == set(provider.files())
    assert provider.git("rev-list", "--count", "main") == "2"


def test_a_repository_with_files_of_its_own_gets_the_seed_on_a_branch_to_merge(provider: Provider) -> None:
    provider.team_pushes("train.py", "print()")
    with pytest.raises(SeedWaits, match=f"files of its own.*branch template/{OLD}.*pull request"):
        seed_remote(provider.remote(), SEED, OLD)
    assert set(provider.files()) == {"train.py"}
    assert set(provider.files(f"template/{OLD}")) == {*SEED, "train.py"}


def test_a_protected_main_gets_the_seed_on_a_branch_to_merge(provider: Provider) -> None:
    provider.team_pushes("README.md", "made by the provider")
    provider.protect("main")
    with pytest.raises(SeedWaits, match="its main takes no pushes"):
        seed_remote(provider.remote(), SEED, OLD)
    assert set(provider.files(f"template/{OLD}")) == set(SEED)


def test_links_of_the_team_lead_nothing_that_is_written_out_of_the_clone(provider: Provider) -> None:
    outside = provider.folder / "outside"
    outside.mkdir()
    work = provider.folder / "team"
    provider.git("clone", "--quiet", str(provider.bare), str(work), cwd=provider.folder)
    (work / "buildspec").symlink_to(outside)
    (work / "README.md").symlink_to(outside / "README.md")
    provider.team_pushes("train.py", "print()")
    with pytest.raises(SeedWaits):
        seed_remote(provider.remote(), SEED, OLD)
    assert list(outside.iterdir()) == []
    assert provider.git("show", f"template/{OLD}:buildspec/test.yml") == "version: 0.2"
    assert provider.files(f"template/{OLD}")["README.md"] == "100644"


def test_trying_again_before_the_merge_says_the_same_and_after_it_goes_on(provider: Provider) -> None:
    provider.team_pushes("train.py", "print()")
    for attempt in ("first", "second"):
        with pytest.raises(SeedWaits):
            seed_remote(provider.remote(attempt), SEED, OLD)
    provider.git("update-ref", "refs/heads/main", f"refs/heads/template/{OLD}")
    assert not seed_remote(provider.remote("third"), SEED, OLD)


def test_an_empty_repository_that_takes_no_pushes_is_told_in_the_providers_words(provider: Provider) -> None:
    provider.protect("main")
    with pytest.raises(PushRefused, match=r"team/churn.*protected branch"):
        seed_remote(provider.remote(), SEED, OLD)


def test_a_repository_without_a_main_is_refused_by_the_branches_it_has(provider: Provider) -> None:
    provider.team_pushes("README.md", "old", branch="master")
    with pytest.raises(UserError, match=r"branches \(master\).*rename its default branch to main"):
        seed_remote(provider.remote(), SEED, OLD)


def test_a_repository_that_is_not_there_is_told_with_what_to_look_at(provider: Provider) -> None:
    remote = GitRemote(
        "team/none", (provider.folder / "none.git").as_uri(), provider.folder / "c", lambda _: "x"
    )
    with pytest.raises(UserError, match=r"team/none cannot be reached.*may the connection read it"):
        seed_remote(remote, SEED, OLD)


def test_somebodys_push_at_the_same_moment_stands(provider: Provider) -> None:
    provider.team_pushes("README.md", "old")
    remote = provider.remote()
    remote.checkout("main")
    provider.team_pushes("README.md", "new")
    with pytest.raises(PlatformError, match="Somebody has just pushed to team/churn"):
        remote.push([Change("a", SeedFile(b"a", False))], "main", "Late")


def test_what_changed_upstream_is_offered_on_a_branch_of_its_own(provider: Provider) -> None:
    seed_remote(provider.remote(), SEED, OLD)
    provider.team_pushes("train.py", "print()")
    new = {**SEED, "README.md": SeedFile(b"Better", False)}
    del new["run.sh"]
    assert offer_remote(provider.remote("update"), SEED, new, NEW) == f"template/{NEW}"
    assert set(provider.files(f"template/{NEW}")) == {"README.md", "buildspec/test.yml", "train.py"}
    assert provider.git("show", f"template/{NEW}:README.md") == "Better"
    assert offer_remote(provider.remote("again"), SEED, new, NEW) == f"template/{NEW}"
    assert provider.git("rev-list", "--count", f"main..template/{NEW}") == "1"


def test_nothing_is_offered_that_main_already_has(provider: Provider) -> None:
    seed_remote(provider.remote(), SEED, OLD)
    provider.team_pushes("README.md", "Better")
    new = {**SEED, "README.md": SeedFile(b"Better", False)}
    assert offer_remote(provider.remote("update"), SEED, new, NEW) == ""
    assert provider.branches() == ["main"]


def test_nothing_is_offered_to_a_repository_without_a_main(provider: Provider) -> None:
    assert offer_remote(provider.remote(), SEED, {}, NEW) == ""
