"""CodeCommit's API on real repositories: calls of an unmodified boto3 client come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws

REGION = "eu-west-1"


@pytest.fixture
def codecommit(localaws: LocalAws) -> Any:
    """Return a client with a repository ``churn`` that has one commit."""
    client = localaws.client("codecommit", REGION)
    client.create_repository(repositoryName="churn", repositoryDescription="of customers", tags={"team": "a"})
    client.create_commit(
        repositoryName="churn",
        branchName="main",
        authorName="Ada",
        email="ada@example.com",
        commitMessage="Begin",
        putFiles=[
            {"filePath": "README.md", "fileContent": b"# churn\n"},
            {"filePath": "bin/run", "fileContent": b"#!/bin/sh\n", "fileMode": "EXECUTABLE"},
        ],
    )
    return client


def tip(client: Any, branch: str = "main") -> str:
    """Return a branch's commit id."""
    return str(client.get_branch(repositoryName="churn", branchName=branch)["branch"]["commitId"])


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the error code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_a_new_repository_describes_itself_with_dates_and_clone_urls(codecommit: Any) -> None:
    metadata = codecommit.get_repository(repositoryName="churn")["repositoryMetadata"]
    assert isinstance(metadata["creationDate"], datetime)
    assert metadata["cloneUrlHttp"] == f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/churn"
    assert metadata["Arn"] == f"arn:aws:codecommit:{REGION}:123456789012:churn"
    assert metadata["defaultBranch"] == "main"
    assert codecommit.list_tags_for_resource(resourceArn=metadata["Arn"])["tags"] == {"team": "a"}


def test_a_name_is_used_once_and_must_be_valid(codecommit: Any) -> None:
    create = codecommit.create_repository
    assert refused(create, repositoryName="churn") == "RepositoryNameExistsException"
    assert refused(create, repositoryName="a b") == "InvalidRepositoryNameException"
    assert refused(codecommit.get_repository, repositoryName="gone") == "RepositoryDoesNotExistException"


def test_a_renamed_repository_keeps_its_commits(codecommit: Any) -> None:
    codecommit.update_repository_name(oldName="churn", newName="renamed")
    assert codecommit.list_branches(repositoryName="renamed")["branches"] == ["main"]
    assert [one["repositoryName"] for one in codecommit.list_repositories()["repositories"]] == ["renamed"]


def test_a_deleted_repository_is_gone_and_deleting_it_again_is_no_error(codecommit: Any) -> None:
    assert "repositoryId" in codecommit.delete_repository(repositoryName="churn")
    assert "repositoryId" not in codecommit.delete_repository(repositoryName="churn")
    codecommit.create_repository(repositoryName="churn")
    assert codecommit.list_branches(repositoryName="churn")["branches"] == []


def test_a_commit_writes_copies_deletes_and_reports_what_it_did(codecommit: Any) -> None:
    done = codecommit.create_commit(
        repositoryName="churn",
        branchName="main",
        parentCommitId=tip(codecommit),
        putFiles=[
            {"filePath": 'docs/a "quoted" name.md', "fileContent": "é".encode()},
            {"filePath": "bin/go", "sourceFile": {"filePath": "bin/run", "isMove": True}},
        ],
        deleteFiles=[{"filePath": "README.md"}],
    )
    assert [one["absolutePath"] for one in done["filesAdded"]] == ["bin/go", 'docs/a "quoted" name.md']
    assert [one["absolutePath"] for one in done["filesDeleted"]] == ["README.md", "bin/run"]
    moved = codecommit.get_file(repositoryName="churn", filePath="bin/go")
    assert (moved["fileContent"], moved["fileMode"]) == (b"#!/bin/sh\n", "EXECUTABLE")
    quoted = codecommit.get_file(repositoryName="churn", filePath='docs/a "quoted" name.md')
    assert quoted["fileContent"] == "é".encode()
    commit = codecommit.get_commit(repositoryName="churn", commitId=done["commitId"])["commit"]
    assert commit["treeId"] == done["treeId"]
    assert len(commit["parents"]) == 1


def test_a_commit_must_build_on_the_tip(codecommit: Any) -> None:
    first = tip(codecommit)
    put: dict[str, Any] = {
        "repositoryName": "churn",
        "branchName": "main",
        "filePath": "a",
        "fileContent": b"1",
    }
    assert refused(codecommit.put_file, **put) == "ParentCommitIdRequiredException"
    codecommit.put_file(**put, parentCommitId=first)
    outdated = put | {"fileContent": b"2", "parentCommitId": first}
    assert refused(codecommit.put_file, **outdated) == "ParentCommitIdOutdatedException"
    unknown = put | {"parentCommitId": "0" * 40}
    assert refused(codecommit.put_file, **unknown) == "ParentCommitDoesNotExistException"
    elsewhere = put | {"branchName": "new", "parentCommitId": first}
    assert refused(codecommit.put_file, **elsewhere) == "BranchDoesNotExistException"


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([], "FileEntryRequiredException"),
        ([{"filePath": "README.md", "fileContent": b"# churn\n"}], "NoChangeException"),
        (
            [{"filePath": f"f{i}", "fileContent": b"x"} for i in range(101)],
            "MaximumFileEntriesExceededException",
        ),
        ([{"filePath": "big", "fileContent": b"x" * 6_291_457}], "FileContentSizeLimitExceededException"),
        (
            [{"filePath": f"half{i}", "fileContent": b"x" * 4_000_000} for i in range(2)],
            "FileContentSizeLimitExceededException",
        ),
        ([{"filePath": "../up", "fileContent": b"x"}], "InvalidPathException"),
        ([{"filePath": "bin", "fileContent": b"x"}], "FileNameConflictsWithDirectoryNameException"),
        ([{"filePath": "README.md/x", "fileContent": b"x"}], "DirectoryNameConflictsWithFileNameException"),
        ([{"filePath": "a", "fileContent": b"x"}] * 2, "SamePathRequestException"),
        ([{"filePath": "a"}], "SourceFileOrContentRequiredException"),
    ],
)
def test_a_commit_that_aws_refuses_is_refused_by_the_same_name(
    codecommit: Any, files: list[dict[str, Any]], error: str
) -> None:
    before = tip(codecommit)
    assert (
        refused(
            codecommit.create_commit,
            repositoryName="churn",
            branchName="main",
            parentCommitId=before,
            putFiles=files,
        )
        == error
    )
    assert tip(codecommit) == before


def test_branches_are_made_moved_and_deleted(codecommit: Any) -> None:
    first = tip(codecommit)
    codecommit.create_branch(repositoryName="churn", branchName="feature/x", commitId=first)
    again = {"repositoryName": "churn", "branchName": "feature/x", "commitId": first}
    assert refused(codecommit.create_branch, **again) == "BranchNameExistsException"
    main = {"repositoryName": "churn", "branchName": "main"}
    assert refused(codecommit.delete_branch, **main) == "DefaultBranchCannotBeDeletedException"
    codecommit.update_default_branch(repositoryName="churn", defaultBranchName="feature/x")
    assert codecommit.delete_branch(**main)["deletedBranch"]["commitId"] == first
    assert refused(codecommit.get_branch, **main) == "BranchDoesNotExistException"


def test_a_folder_lists_its_children(codecommit: Any) -> None:
    root = codecommit.get_folder(repositoryName="churn", folderPath="/")
    assert [one["relativePath"] for one in root["files"]] == ["README.md"]
    assert [one["absolutePath"] for one in root["subFolders"]] == ["bin"]
    inner = codecommit.get_folder(repositoryName="churn", folderPath="bin")
    assert [(one["absolutePath"], one["fileMode"]) for one in inner["files"]] == [("bin/run", "EXECUTABLE")]
    assert (
        refused(codecommit.get_folder, repositoryName="churn", folderPath="no")
        == "FolderDoesNotExistException"
    )


def test_differences_name_added_modified_and_deleted_files(codecommit: Any) -> None:
    first = tip(codecommit)
    codecommit.create_commit(
        repositoryName="churn",
        branchName="main",
        parentCommitId=first,
        putFiles=[
            {"filePath": "README.md", "fileContent": b"new"},
            {"filePath": "added", "fileContent": b"x"},
        ],
        deleteFiles=[{"filePath": "bin/run"}],
    )
    answer = codecommit.get_differences(
        repositoryName="churn", beforeCommitSpecifier=first, afterCommitSpecifier="main"
    )
    assert [one["changeType"] for one in answer["differences"]] == ["M", "A", "D"]
    assert answer["differences"][1]["afterBlob"]["path"] == "added"


def test_a_pull_request_is_refused_by_name(codecommit: Any) -> None:
    with pytest.raises(ClientError, match="CreatePullRequest"):
        codecommit.create_pull_request(
            title="t", targets=[{"repositoryName": "churn", "sourceReference": "main"}]
        )
