"""CodeCommit in memory, with the limits and refusals that seeding meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

MOST_FILES = 100
MOST_BYTES = 7 * 1024 * 1024


class BranchDoesNotExistException(ClientError):
    """As botocore makes it from the service's model."""


class FileDoesNotExistException(ClientError):
    """As botocore makes it from the service's model."""


class ParentCommitIdRequiredException(ClientError):
    """As botocore makes it from the service's model."""


class ParentCommitIdOutdatedException(ClientError):
    """As botocore makes it from the service's model."""


@dataclass(frozen=True)
class Commit:
    """A commit and the whole tree after it: path -> (content, mode)."""

    commit_id: str
    parents: tuple[str, ...]
    message: str
    email: str
    tree: dict[str, tuple[bytes, str]]


@dataclass
class FakeCodeCommit:
    """One repository."""

    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    dies_after: int = 10_000
    """How many commits are made before the connection breaks."""

    class exceptions:
        """Where a client keeps its exceptions."""

        BranchDoesNotExistException = BranchDoesNotExistException
        FileDoesNotExistException = FileDoesNotExistException
        ParentCommitIdRequiredException = ParentCommitIdRequiredException
        ParentCommitIdOutdatedException = ParentCommitIdOutdatedException

    def tree(self, branch: str = "main") -> dict[str, tuple[bytes, str]]:
        return self.commits[self.branches[branch]].tree

    def get_branch(self, repositoryName: str, branchName: str) -> dict[str, Any]:
        if branchName not in self.branches:
            raise BranchDoesNotExistException({"Error": {"Code": "x", "Message": branchName}}, "GetBranch")
        return {"branch": {"branchName": branchName, "commitId": self.branches[branchName]}}

    def get_commit(self, repositoryName: str, commitId: str) -> dict[str, Any]:
        commit = self.commits[commitId]
        return {
            "commit": {
                "parents": list(commit.parents),
                "message": commit.message,
                "author": {"email": commit.email},
            }
        }

    def get_file(self, repositoryName: str, commitSpecifier: str, filePath: str) -> dict[str, Any]:
        tree = self.commits[commitSpecifier].tree
        if filePath not in tree:
            raise FileDoesNotExistException({"Error": {"Code": "x", "Message": filePath}}, "GetFile")
        content, mode = tree[filePath]
        return {"fileContent": content, "fileMode": mode}

    def create_branch(self, repositoryName: str, branchName: str, commitId: str) -> None:
        assert branchName not in self.branches
        self.branches[branchName] = commitId

    def create_commit(self, **arguments: Any) -> dict[str, Any]:
        if len(self.commits) >= self.dies_after:
            raise ConnectionError("the build was killed")
        puts, deletes = arguments.get("putFiles", []), arguments.get("deleteFiles", [])
        assert 0 < len(puts) + len(deletes) <= MOST_FILES
        assert sum(len(put["fileContent"]) for put in puts) <= MOST_BYTES
        branch = arguments["branchName"]
        parent = self.branches.get(branch, "")
        if parent and "parentCommitId" not in arguments:
            raise ParentCommitIdRequiredException({"Error": {"Code": "x", "Message": branch}}, "CreateCommit")
        if arguments.get("parentCommitId", "") != parent:
            raise ParentCommitIdOutdatedException({"Error": {"Code": "x", "Message": branch}}, "CreateCommit")
        before = self.commits[parent].tree if parent else {}
        tree = {path: entry for path, entry in before.items() if path not in [d["filePath"] for d in deletes]}
        tree |= {put["filePath"]: (put["fileContent"], put["fileMode"]) for put in puts}
        assert tree != before, "NoChangeException"
        commit_id = f"{len(self.commits):040x}"
        self.commits[commit_id] = Commit(
            commit_id, (parent,) if parent else (), arguments["commitMessage"], arguments["email"], tree
        )
        self.branches[branch] = commit_id
        return {"commitId": commit_id}
