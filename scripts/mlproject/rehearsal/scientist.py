"""The data scientist's side: a change of the modelbuild repository, pushed by git in a role of their own."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlproject.errors import PlatformError
from mlproject.rehearsal import team_repositories
from mlproject.rehearsal.local import LocalAws

if TYPE_CHECKING:
    import boto3

AUTHOR = ("-c", "user.name=Data Scientist", "-c", "user.email=scientist@example.com")


Change = Callable[[Path], None]
"""What a data scientist does to the files of a clone."""


class Clone:
    """A clone of a repository at its real URL, and the data scientist who works in it.

    Attributes
    ----------
    folder
        Where it is.
    """

    def __init__(self, local: LocalAws, scientist: boto3.Session, clone_url: str, folder: Path) -> None:
        self.folder = folder
        self._environment = _git_environment(local, scientist)
        folder.mkdir(exist_ok=True)
        self.git("clone", "--quiet", "--branch", "main", clone_url, ".")

    def push(self, message: str) -> None:
        """Commit what has changed and push that to main."""
        self.git(*AUTHOR, "commit", "--quiet", "--all", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD:main")

    def git(self, *arguments: str) -> None:
        """Run git in the clone; raise `PlatformError` with what it said when it fails."""
        done = subprocess.run(  # noqa: S603  # git with our own arguments
            ["git", *arguments],  # noqa: S607  # as the data scientist would call it
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PlatformError(f"git {arguments[0]} failed: {done.stderr.strip()}")


def push(local: LocalAws, scientist: boto3.Session, clone_url: str, change: Change, message: str) -> None:
    """Clone a repository at its real URL, change files that it has and push that to main.

    Raises
    ------
    PlatformError
        Git failed; the message is what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(local, scientist, clone_url, Path(folder))
        change(clone.folder)
        clone.push(message)


def note(folder: Path) -> None:
    """Add a line to a repository's README, which changes no pipeline and so trains nothing anew."""
    with (folder / "README.md").open("a") as readme:
        readme.write("\nRehearsed.\n")


def learn_otherwise(folder: Path) -> None:
    """Have models learn from another seed."""
    for conf in folder.glob("*/conf/conf.yaml"):
        conf.write_text(re.sub(r"\bseed: \d+", "seed: 2", conf.read_text()))


def _git_environment(local: LocalAws, session: boto3.Session) -> dict[str, str]:
    """Return what git needs to reach AWS's hosts as a role."""
    given = session.get_credentials()
    if given is None:
        raise PlatformError("the data scientist has no credentials")
    # As git-remote-codecommit and the CLI's helper send them; localaws looks at the key, not at the signature.
    user = f"{given.access_key}%{given.token}" if given.token else given.access_key
    header = base64.b64encode(f"{user}:signature".encode()).decode()
    return os.environ | {
        "HTTPS_PROXY": local.endpoint,
        "GIT_SSL_CAINFO": str(local.certificate_authority),
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
        # What a clone URL at the provider leads to here.
        "GIT_CONFIG_KEY_1": f"url.{team_repositories.base(local)}.insteadOf",
        "GIT_CONFIG_VALUE_1": team_repositories.HOST,
        "GIT_TERMINAL_PROMPT": "0",
    }
