"""A team's repositories in a rehearsal: made at a provider, seeded by the connection as a build does, kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws
from mlproject.errors import PlatformError
from mlproject.rehearsal import local, scientist, team_repositories
from terraform_runner.connection import Connection
from terraform_runner.git_remote import GitRemote
from terraform_runner.git_seeding import seed_remote
from terraform_runner.template_bundle import SeedFile

SEED = {"README.md": SeedFile(b"Hello\n", False), "buildspec/test.yml": SeedFile(b"version: 0.2\n", False)}


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[local.LocalAws]:
    server = LocalAws(tmp_path / "localaws", image_cache=tmp_path / "images")
    server.start()
    made = local.LocalAws(server.endpoint, server.data, tmp_path / "log", os.getpid())
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    server.close()
    moto_api_backend.reset()


@pytest.fixture
def team(account: local.LocalAws) -> team_repositories.TeamRepositories:
    return team_repositories.prepare(account, boto3.Session())


def test_a_build_seeds_at_awss_own_host_and_the_team_pushes_at_the_providers(
    account: local.LocalAws,
    team: team_repositories.TeamRepositories,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = Connection(boto3.Session(), team.connection_arn)
    assert connection.host() == "https://github.com"
    name = team.parameters["BuildRepositoryId"]
    remote = GitRemote(name, connection.git_url(name), tmp_path / "clone", connection.authorization)
    with monkeypatch.context() as build:
        build.setenv("HTTPS_PROXY", account.endpoint)
        build.setenv("GIT_SSL_CAINFO", str(account.certificate_authority))
        assert seed_remote(remote, SEED, "0123456789abcdef")
    url = f"{connection.host()}/{name}.git"
    scientist.push(account, boto3.Session(), url, scientist.note, "Note that this was rehearsed")
    with monkeypatch.context() as build:
        build.setenv("HTTPS_PROXY", account.endpoint)
        build.setenv("GIT_SSL_CAINFO", str(account.certificate_authority))
        remote.checkout("main")
    assert remote.read("README.md") == SeedFile(b"Hello\n\nRehearsed.\n", False)


def test_repositories_that_are_gone_with_the_project_are_told(
    account: local.LocalAws, team: team_repositories.TeamRepositories
) -> None:
    team.check_kept()
    (account.data / "codeconnections/GitHub/team/churn-deploy.git").rename(account.data / "gone")
    with pytest.raises(PlatformError, match="gone with the project: team/churn-deploy"):
        team.check_kept()
