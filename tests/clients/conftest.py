"""A localaws for each module, and programs that nobody here wrote, run against it as their users run them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"


@dataclass(frozen=True)
class Programs:
    """Runs programs with a home of their own and no variables of this shell but what finds them.

    Attributes
    ----------
    environment
        AWS by ``AWS_ENDPOINT_URL``, as from outside.
    inside
        AWS by its real host names, through the proxy.
    """

    folder: Path
    environment: dict[str, str]
    inside: dict[str, str]

    def run(
        self, *command: str | Path, inside: bool = False, cwd: Path | None = None, stdin: str = ""
    ) -> str:
        """Return what a program prints; one that fails fails the test with its last words."""
        environment = self.inside if inside else self.environment
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def path(self, environment: str, program: str) -> Path:
        """Return a program of a Python environment that ``make test-clients`` prepares."""
        found = ROOT / ".venv" / environment / "bin" / program
        assert found.exists(), f"{found} is missing: run `make test-clients`"
        return found


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Serve for all tests of a module."""
    folder = tmp_path_factory.mktemp("clients")
    server = LocalAws(folder / "localaws", image_cache=folder / "images")
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()


@pytest.fixture(scope="module")
def access_key(localaws: LocalAws) -> dict[str, str]:
    """Return the long-lived key of a user."""
    iam = localaws.client("iam", REGION)
    iam.create_user(UserName="somebody")
    key: dict[str, str] = iam.create_access_key(UserName="somebody")["AccessKey"]
    return key


@pytest.fixture
def programs(localaws: LocalAws, access_key: dict[str, str], tmp_path: Path) -> Programs:
    """Run programs against the server, as a user with long-lived keys."""
    home = tmp_path / "home"
    home.mkdir()
    common = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "AWS_ACCESS_KEY_ID": access_key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": access_key["SecretAccessKey"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        # Nothing here is too busy: what fails fails.
        "AWS_MAX_ATTEMPTS": "2",
    }
    return Programs(
        tmp_path,
        common | {"AWS_ENDPOINT_URL": localaws.endpoint},
        localaws.environment(REGION) | common,
    )
