"""One bare repository on disk through git's plumbing: questions come in, object ids and contents go out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GIT_ENVIRONMENT = {
    "PATH": os.defpath,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


class GitError(Exception):
    """Git refused a command; the message is git's own."""


@dataclass(frozen=True)
class Entry:
    """A file, link, folder or submodule in a tree."""

    path: str
    mode: str
    kind: str
    object_id: str


@dataclass(frozen=True)
class Signature:
    """Who wrote or made a commit, and when (git's raw form: seconds and offset)."""

    name: str
    email: str
    date: str


@dataclass(frozen=True)
class CommitInfo:
    """A commit's header and message."""

    commit_id: str
    tree_id: str
    parents: Sequence[str]
    author: Signature
    committer: Signature
    message: str


@cache
def git_program() -> str:
    """Return the path of git; a machine without it cannot run this service."""
    program = shutil.which("git")
    if program is None:
        raise GitError("git is not on PATH: CodeCommit repositories need it")
    return program


@dataclass(frozen=True)
class GitStore:
    """The bare repository at ``path``."""

    path: Path

    def create(self) -> None:
        """Make the repository, in place of whatever an earlier process left there."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        command = [git_program(), "init", "--quiet", "--bare", "--initial-branch=main", str(self.path)]
        subprocess.run(command, env=GIT_ENVIRONMENT, check=True, capture_output=True)  # noqa: S603
        self.git("config", "http.receivepack", "true")

    def remove(self) -> None:
        """Delete the repository with all it holds."""
        shutil.rmtree(self.path, ignore_errors=True)

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a git command in the repository and return its output."""
        command = [git_program(), "-C", str(self.path), *arguments]
        done = subprocess.run(command, input=stdin, env=GIT_ENVIRONMENT, capture_output=True)  # noqa: S603
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def references(self) -> dict[str, str]:
        """Return every branch and tag by its full name, with what it points at."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def branches(self) -> dict[str, str]:
        """Return the tip of every branch by its short name."""
        prefix = "refs/heads/"
        return {
            name.removeprefix(prefix): tip
            for name, tip in self.references().items()
            if name.startswith(prefix)
        }

    def resolve(self, specifier: str, kind: str = "commit") -> str | None:
        """Return the id of the object that a branch, tag or id names, or None."""
        for candidate in (f"refs/heads/{specifier}", specifier):
            if candidate.startswith("-"):
                return None
            try:
                found = self.git(
                    "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{{kind}}}"
                )
            except GitError:
                continue
            return found.decode().strip()
        return None

    def folder(self, commit_id: str, path: str) -> str | None:
        """Return the id of a folder's tree (an empty path is the root), or None when there is no such folder."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{commit_id}:{path}").decode().strip()
        except GitError:
            return None

    def entries(self, tree: str, *, recursive: bool = True) -> list[Entry]:
        """List a tree (or a commit's, or ``<commit>:<folder>``)."""
        flags = ["-r"] if recursive else []
        output = self.git("ls-tree", "-z", *flags, tree).decode()
        return [_entry(line) for line in output.split("\0") if line]

    def blob(self, object_id: str) -> bytes:
        """Return the contents of a file."""
        return self.git("cat-file", "blob", object_id)

    def commit(self, commit_id: str) -> CommitInfo:
        """Read one commit."""
        header, _, message = (
            self.git("cat-file", "commit", commit_id).decode(errors="replace").partition("\n\n")
        )
        fields = [line.split(" ", 1) for line in header.split("\n") if " " in line]
        values = {name: value for name, value in fields if name != "parent"}
        return CommitInfo(
            commit_id,
            values["tree"],
            [value for name, value in fields if name == "parent"],
            _signature(values["author"]),
            _signature(values["committer"]),
            message,
        )

    def update_reference(self, name: str, new: str, old: str = "") -> None:
        """Point a reference at an object, if it still points at ``old`` (empty: if there is none yet)."""
        self.git("update-ref", name, new, old or "0" * 40)

    def delete_reference(self, name: str) -> None:
        """Remove a reference."""
        self.git("update-ref", "-d", name)

    def set_head(self, branch: str) -> None:
        """Make ``branch`` what a clone checks out."""
        self.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def fast_import(self, stream: bytes) -> None:
        """Write a commit given in git's fast-import format."""
        self.git("fast-import", "--quiet", stdin=stream)

    def differences(self, before: str | None, after: str) -> list[tuple[str, Entry | None, Entry | None]]:
        """Compare two commits: change type (A, M, D) with the entry before and after."""
        old = {entry.path: entry for entry in self.entries(before)} if before else {}
        new = {entry.path: entry for entry in self.entries(after)}
        changes: list[tuple[str, Entry | None, Entry | None]] = []
        for path in sorted(old.keys() | new.keys()):
            left, right = old.get(path), new.get(path)
            if left != right:
                changes.append(("A" if left is None else "D" if right is None else "M", left, right))
        return changes

    def clone(self, folder: Path, commit_id: str, url: str) -> None:
        """Check a commit out into an empty folder, with history, as a clone of ``url``."""
        self.git("clone", "--quiet", "--no-hardlinks", "--no-checkout", str(self.path), str(folder))
        clone = GitStore(folder)
        clone.git("remote", "set-url", "origin", url)
        clone.git("checkout", "--quiet", "--detach", commit_id)

    def archive(self, commit_id: str) -> bytes:
        """Return a commit's files as a zip archive."""
        return self.git("archive", "--format=zip", "-1", commit_id)


def _entry(line: str) -> Entry:
    header, path = line.split("\t", 1)
    mode, kind, object_id = header.split(" ")
    return Entry(path, mode, kind, object_id)


def _signature(raw: str) -> Signature:
    who, _, rest = raw.partition(" <")
    email, _, date = rest.partition("> ")
    return Signature(who, email, date)
