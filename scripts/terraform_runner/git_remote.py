"""A repository behind a connection: questions and commits come in, git reads it and pushes to it."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from terraform_runner.runner_errors import PlatformError, UserError
from terraform_runner.runner_settings import inherited_environment
from terraform_runner.seeding import AUTHOR, EMAIL, Change
from terraform_runner.template_bundle import SeedFile

_TIMEOUT_SECONDS = 300
_HEADS = "refs/heads/"
# What git says where the provider's rules, and not other people's commits, forbid a push.
_REFUSED = "[remote rejected]"
_OUTRUN = "[rejected]"
# The team's repository is not ours: its links must not lead what is written here out of the clone, and nothing that
# this machine is set up with (filters, hooks, credentials) has a part in it.
_SETTINGS = ("core.symlinks=false", "core.autocrlf=false", f"core.hooksPath={os.devnull}")
_ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


class PushRefused(UserError):
    """The provider does not let the connection push to a branch, such as a protected one."""


class GitRemote:
    """One repository of the team's.

    Parameters
    ----------
    name
        ``owner/name``, for people.
    url
        Where git reaches it.
    folder
        Where it is worked on; made when it is needed.
    authorization
        Gives the value of the header that lets git in; asked for anew each time, because it does not last.
    """

    def __init__(self, name: str, url: str, folder: Path, authorization: Callable[[str], str]) -> None:
        self.name = name
        self._url = url
        self._folder = folder
        self._authorization = authorization

    def branches(self) -> frozenset[str]:
        """Return the names of all branches."""
        listed = self._remote("ls-remote", "--heads", self._url)
        return frozenset(line.partition("\t")[2].removeprefix(_HEADS) for line in listed.splitlines())

    def checkout(self, branch: str) -> frozenset[str]:
        """Return the paths of the files of a branch's tip, which the next commit follows."""
        self._prepare()
        self._remote("fetch", "--quiet", "--depth", "1", self._url, f"{_HEADS}{branch}")
        self._git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        return frozenset(filter(None, self._git("ls-files", "-z").split("\0")))

    def read(self, path: str) -> SeedFile | None:
        """Return a file of what was checked out last, None where there is none."""
        file = self._folder / path
        if not file.is_file():
            return None
        return SeedFile(file.read_bytes(), bool(file.stat().st_mode & stat.S_IXUSR))

    def push(self, changes: Sequence[Change], branch: str, message: str) -> None:
        """Commit ``changes`` after what was checked out last (else as the first commit) and push that to a branch.

        Without changes it is the last commit that is pushed.

        Raises
        ------
        PushRefused
            The provider's rules forbid it.
        """
        self._prepare()
        if changes:
            # Git would go on taking for a link what was one.
            paths = [change.path for change in changes]
            self._git("rm", "--cached", "--quiet", "--ignore-unmatch", "--", *paths)
            for change in changes:
                self._write(change)
            self._git("add", "--all", "--force", ".")
            self._git("commit", "--quiet", "--no-verify", "--message", message)
        self._remote("push", "--quiet", self._url, f"HEAD:{_HEADS}{branch}")

    def _prepare(self) -> None:
        if not (self._folder / ".git").exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet")

    def _write(self, change: Change) -> None:
        path = self._folder / change.path
        if change.file is None:
            path.unlink(missing_ok=True)
            return
        for parent in reversed(path.relative_to(self._folder).parents):
            # What is a file in the team's repository makes room for the seed's folder.
            if (self._folder / parent).is_file():
                (self._folder / parent).unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change.file.content)
        path.chmod(0o755 if change.file.executable else 0o644)

    def _git(self, *arguments: str) -> str:
        done = self._run({}, *arguments)
        if done.returncode:
            raise PlatformError(f"git {arguments[0]} failed for {self.name}: {done.stderr.strip()}")
        return done.stdout

    def _remote(self, *arguments: str) -> str:
        header = f"Authorization: {self._authorization(self._url)}"
        variables = {
            # Not on the command line, where any process of the machine could read it.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": header,
            "GIT_TERMINAL_PROMPT": "0",
        }
        done = self._run(variables, *arguments)
        if done.returncode == 0:
            return done.stdout
        said = " ".join(done.stderr.split())
        if _REFUSED in said:
            raise PushRefused(f"The provider does not let the connection push to {self.name}: {said}")
        if _OUTRUN in said:
            raise PlatformError(
                f"Somebody has just pushed to {self.name} while it was being seeded; their commits stand. Try again."
            )
        raise UserError(
            f"Repository {self.name} cannot be reached by the connection: {said} Does it exist, and may the "
            "connection read it and write to it (at the provider, in the settings of AWS's app)?"
        )

    def _run(self, variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        settings = [f"user.name={AUTHOR}", f"user.email={EMAIL}", *_SETTINGS]
        options = [option for setting in settings for option in ("-c", setting)]
        try:
            return subprocess.run(  # noqa: S603  # git with our own arguments
                ["git", *options, *arguments],  # noqa: S607  # the build image's
                cwd=self._folder if self._folder.exists() else None,
                env=inherited_environment(**_ALONE, **variables),
                capture_output=True,
                text=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PlatformError(f"git {arguments[0]} failed for {self.name}: {error}") from error
