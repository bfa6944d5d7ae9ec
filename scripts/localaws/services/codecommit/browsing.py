"""Reading a repository by API: commits, files, folders and differences come out of git in AWS's shape."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from localaws.operations import Request
from localaws.services.codecommit.branches import known_commit
from localaws.services.codecommit.commits import LARGEST_FILE, MODE_NAMES
from localaws.services.codecommit.faults import fault
from localaws.services.codecommit.gitstore import CommitInfo, Entry, GitError, Signature
from localaws.services.codecommit.repositories import Repository, repository

MOST_COMMITS = 100
SUBMODULE = "160000"


def get_commit(request: Request) -> dict[str, Any]:
    """GetCommit."""
    found = repository(request)
    return {"commit": _commit(found.git.commit(known_commit(found, request.params["commitId"])))}


def batch_get_commits(request: Request) -> dict[str, Any]:
    """BatchGetCommits; an id that is not there is reported, not an error."""
    found, ids = repository(request), request.params["commitIds"]
    if len(ids) > MOST_COMMITS:
        raise fault("CommitIdsLimitExceeded", f"At most {MOST_COMMITS} commits in one request")
    commits, errors = [], []
    for commit_id in ids:
        if found.git.resolve(commit_id) == commit_id:
            commits.append(_commit(found.git.commit(commit_id)))
        else:
            message = f"Commit {commit_id} does not exist"
            errors.append(
                {"commitId": commit_id, "errorCode": "CommitDoesNotExistException", "errorMessage": message}
            )
    return {"commits": commits, "errors": errors}


def get_file(request: Request) -> dict[str, Any]:
    """GetFile."""
    found, path = repository(request), request.params["filePath"].strip("/")
    commit_id = _specified(found, request.params.get("commitSpecifier", ""))
    folder, name = posixpath.split(path)
    entry = _children(found, commit_id, folder).get(name)
    if entry is None or entry.kind != "blob":
        raise fault("FileDoesNotExist", f"The file {path} does not exist in {commit_id}")
    content = _content(found, entry.object_id)
    return {
        "commitId": commit_id,
        "blobId": entry.object_id,
        "filePath": path,
        "fileMode": MODE_NAMES.get(entry.mode, "NORMAL"),
        "fileSize": len(content),
        "fileContent": content,
    }


def get_blob(request: Request) -> dict[str, Any]:
    """GetBlob."""
    found, blob_id = repository(request), request.params["blobId"]
    if found.git.resolve(blob_id, "blob") != blob_id:
        raise fault("BlobIdDoesNotExist", f"The blob {blob_id} does not exist")
    return {"content": _content(found, blob_id)}


def _content(found: Repository, blob_id: str) -> bytes:
    content = found.git.blob(blob_id)
    if len(content) > LARGEST_FILE:
        raise fault("FileTooLarge", "The file is larger than 6 MB: use a Git client")
    return content


def get_folder(request: Request) -> dict[str, Any]:
    """GetFolder."""
    found, folder = repository(request), request.params["folderPath"].strip("/")
    commit_id = _specified(found, request.params.get("commitSpecifier", ""))
    children = _children(found, commit_id, folder)
    tree_id = found.git.folder(commit_id, folder)
    if tree_id is None:
        raise fault("FolderDoesNotExist", f"The folder {folder} does not exist in {commit_id}")
    answer: dict[str, Any] = {
        "commitId": commit_id,
        "folderPath": folder,
        "treeId": tree_id,
        "subFolders": [],
        "files": [],
        "symbolicLinks": [],
        "subModules": [],
    }
    for name, entry in children.items():
        kind, identifier = _kind(entry)
        item = {
            identifier: entry.object_id,
            "absolutePath": posixpath.join(folder, name),
            "relativePath": name,
        }
        if identifier == "blobId":
            item["fileMode"] = MODE_NAMES.get(entry.mode, "NORMAL")
        answer[kind].append(item)
    return answer


def _kind(entry: Entry) -> tuple[str, str]:
    if entry.kind == "tree":
        return "subFolders", "treeId"
    if entry.mode == SUBMODULE:
        return "subModules", "commitId"
    return ("symbolicLinks" if MODE_NAMES.get(entry.mode) == "SYMLINK" else "files"), "blobId"


def get_differences(request: Request) -> dict[str, Any]:
    """GetDifferences."""
    found, params = repository(request), request.params
    before = params.get("beforeCommitSpecifier")
    changes = found.git.differences(
        _specified(found, before) if before else None, _specified(found, params["afterCommitSpecifier"])
    )
    within = params.get("afterPath") or params.get("beforePath") or ""
    described = [
        _difference(kind, old, new)
        for kind, old, new in changes
        if _is_within(old.path if old else new.path if new else "", within.strip("/"))
    ]
    start, size = int(params.get("NextToken") or 0), int(params.get("MaxResults") or 100)
    answer: dict[str, Any] = {"differences": described[start : start + size]}
    if start + size < len(described):
        answer["NextToken"] = str(start + size)
    return answer


def _is_within(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _difference(kind: str, old: Entry | None, new: Entry | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"changeType": kind}
    for name, entry in (("beforeBlob", old), ("afterBlob", new)):
        if entry is not None:
            answer[name] = {"blobId": entry.object_id, "path": entry.path, "mode": entry.mode}
    return answer


def _specified(found: Repository, specifier: str) -> str:
    """Return the commit that a branch, tag or id names; the default branch's tip when nothing is named."""
    name = specifier or found.default_branch
    resolved = found.git.resolve(name) if name else None
    if resolved is None:
        raise fault("CommitDoesNotExist", f"{name or 'The default branch'} does not name a commit")
    return resolved


def _children(found: Repository, commit_id: str, folder: str) -> Mapping[str, Entry]:
    try:
        entries = found.git.entries(f"{commit_id}:{folder}" if folder else commit_id, recursive=False)
    except GitError as error:
        raise fault("FolderDoesNotExist", f"The folder {folder} does not exist in {commit_id}") from error
    return {entry.path: entry for entry in entries}


def _commit(info: CommitInfo) -> dict[str, Any]:
    return {
        "commitId": info.commit_id,
        "treeId": info.tree_id,
        "parents": list(info.parents),
        "message": info.message,
        "author": _person(info.author),
        "committer": _person(info.committer),
        "additionalData": "",
    }


def _person(signature: Signature) -> dict[str, str]:
    return {"name": signature.name, "email": signature.email, "date": signature.date}


OPERATIONS = {
    "BatchGetCommits": batch_get_commits,
    "GetBlob": get_blob,
    "GetCommit": get_commit,
    "GetDifferences": get_differences,
    "GetFile": get_file,
    "GetFolder": get_folder,
}
