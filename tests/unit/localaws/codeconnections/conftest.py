"""What the tests of CodeConnections share: a connection to GitHub, a repository there, and git."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from localaws.server import LocalAws

REGION = "eu-west-2"
NAME = "team/churn"
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


@dataclass(frozen=True)
class GitHub:
    """A connection, and the provider behind it."""

    server: LocalAws
    client: Any
    arn: str

    @property
    def team_url(self) -> str:
        """Where the team reaches the repository."""
        return f"{self.server.endpoint}/_localaws/git/GitHub/{NAME}.git"

    @property
    def connection_url(self) -> str:
        """Where the repository is behind the connection, at this server's plain endpoint."""
        _, _, _, region, account, resource = self.arn.split(":")
        plain = self.server.endpoint.replace("http://", "http://AKIAEXAMPLE000000000:signature@")
        return f"{plain}/git-http/{account}/{region}/{resource.partition('/')[2]}/{NAME}.git"

    def complete(self) -> None:
        """Complete the connection, as somebody does in the console."""
        answer = requests.post(
            f"{self.server.endpoint}/_localaws/connections/{self.arn.rpartition('/')[2]}", timeout=30
        )
        answer.raise_for_status()

    def push(self, folder: Path, path: str, content: str, branch: str = "main") -> str:
        """Push a file as somebody of the team does; return the commit's id."""
        if not (folder / ".git").exists():
            git("init", "--quiet", "--initial-branch=main", str(folder))
        (folder / path).write_text(content)
        git("add", ".", cwd=folder)
        git(*IDENTITY, "commit", "--quiet", "-m", f"Change {path}", cwd=folder)
        git("push", "--quiet", self.team_url, f"HEAD:{branch}", cwd=folder)
        return git("rev-parse", "HEAD", cwd=folder).strip()


def git(*arguments: str, cwd: Path | None = None) -> str:
    """Run git without the user's own configuration; fail with what it says."""
    environment = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


@pytest.fixture
def github(localaws: LocalAws) -> GitHub:
    """Return a connection that waits for its handshake, and an empty repository behind it."""
    client = localaws.client("codeconnections", REGION)
    arn = client.create_connection(ProviderType="GitHub", ConnectionName="team")["ConnectionArn"]
    requests.put(f"{localaws.endpoint}/_localaws/providers/GitHub/{NAME}", timeout=30).raise_for_status()
    return GitHub(localaws, client, arn)
