"""Commits by API (CreateCommit, PutFile, DeleteFile): changes to files come in, one git commit and its event go out."""

from __future__ import annotations

import hashlib
import posixpath
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.operations import Request
from localaws.services.codecommit.branches import COMMIT_ID, check_branch_name
from localaws.services.codecommit.faults import fault
from localaws.services.codecommit.gitstore import Entry
from localaws.services.codecommit.refchanges import publish_changes
from localaws.services.codecommit.repositories import Repository, repository

MODES = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}
MODE_NAMES = {mode: name for name, mode in MODES.items()}
MOST_FILES = 100
LARGEST_FILE = 6 * 1024**2
LARGEST_CHANGE = 7 * 1024**2
LONGEST_MESSAGE = 256 * 1024
KEEP = ".gitkeep"


@dataclass(frozen=True)
class Author:
    """Who signs a commit made by API, and what it says."""

    name: str
    email: str
    message: str


@dataclass
class Change:
    """The files of the branch as they were, and what a request makes of them."""

    before: Mapping[str, Entry]
    after: dict[str, Entry] = field(init=False)
    contents: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.after = dict(self.before)

    def write(self, path: str, mode: str, content: bytes) -> None:
        """Add or replace a file."""
        blob_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git's own id
        self.contents[blob_id] = content
        self.after[path] = Entry(path, mode, "blob", blob_id)

    def copy(self, source: str, path: str, mode: str, *, move: bool) -> None:
        """Put an existing file's content at another path."""
        entry = self.existing(source)
        if posixpath.basename(source) == KEEP:
            raise fault("RestrictedSourceFile", f"{KEEP} files cannot be copied or moved")
        self.after[path] = Entry(path, mode or entry.mode, "blob", entry.object_id)
        if move:
            self.after.pop(source, None)

    def existing(self, path: str) -> Entry:
        """Return a file of the branch, or answer as AWS does when it is not there."""
        if path not in self.before:
            raise fault("FileDoesNotExist", f"The file {path} does not exist in the branch")
        return self.before[path]

    def keep_folders(self, deleted: Iterable[str]) -> None:
        """Leave a .gitkeep in every folder that the deletions emptied."""
        for folder in {posixpath.dirname(path) for path in deleted} - {""}:
            if not any(path.startswith(f"{folder}/") for path in self.after):
                self.write(f"{folder}/{KEEP}", MODES["NORMAL"], b"")

    def differing(self) -> list[str]:
        """Return the paths that are not as they were."""
        paths = self.before.keys() | self.after.keys()
        return sorted(path for path in paths if self.before.get(path) != self.after.get(path))


def create_commit(request: Request) -> dict[str, Any]:
    """CreateCommit."""
    params = request.params
    puts, deletes = params.get("putFiles", []), params.get("deleteFiles", [])
    modes = params.get("setFileModes", [])
    _check_entries(puts, deletes, modes)
    found = repository(request)
    with found.lock:
        parent = _parent(found, params)
        change = Change(_files(found, parent))
        for entry in deletes:
            change.existing(entry["filePath"])
            change.after.pop(entry["filePath"])
        for entry in puts:
            _put(change, entry)
        for entry in modes:
            _set_mode(change, entry)
        if params.get("keepEmptyFolders"):
            change.keep_folders(entry["filePath"] for entry in deletes)
        if not change.differing():
            raise fault("NoChange", "The commit cannot be created: it would change nothing")
        commit_id = _commit(request, found, parent, change, _author(request, params.get("authorName", "")))
        return {"commitId": commit_id, "treeId": found.git.commit(commit_id).tree_id, **_summary(change)}


def put_file(request: Request) -> dict[str, Any]:
    """PutFile."""
    params, path = request.params, request.params["filePath"]
    _check_path(path)
    _check_size([params["fileContent"]])
    found = repository(request)
    with found.lock:
        parent = _parent(found, params)
        change = Change(_files(found, parent))
        change.write(path, _mode(params), params["fileContent"])
        if not change.differing():
            raise fault("SameFileContent", "The file was not changed: it already has that content")
        commit_id = _commit(request, found, parent, change, _author(request, params.get("name", "")))
        return {
            "commitId": commit_id,
            "blobId": change.after[path].object_id,
            "treeId": found.git.commit(commit_id).tree_id,
        }


def delete_file(request: Request) -> dict[str, Any]:
    """DeleteFile."""
    params, path = request.params, request.params["filePath"]
    _check_path(path)
    found = repository(request)
    with found.lock:
        parent = _parent(found, params)
        change = Change(_files(found, parent))
        gone = change.existing(path)
        change.after.pop(path)
        if params.get("keepEmptyFolders"):
            change.keep_folders([path])
        commit_id = _commit(request, found, parent, change, _author(request, params.get("name", "")))
        return {
            "commitId": commit_id,
            "blobId": gone.object_id,
            "treeId": found.git.commit(commit_id).tree_id,
            "filePath": path,
        }


def _check_entries(
    puts: list[Mapping[str, Any]], deletes: list[Mapping[str, Any]], modes: list[Mapping[str, Any]]
) -> None:
    paths = [entry["filePath"] for entry in (*puts, *deletes, *modes)]
    if not paths:
        raise fault("FileEntryRequired", "A commit needs at least one file to put, delete or set the mode of")
    if len(paths) > MOST_FILES:
        raise fault(
            "MaximumFileEntriesExceeded", f"{len(paths)} files: at most {MOST_FILES} in one commit by API"
        )
    for path in paths:
        _check_path(path)
    if len(set(paths)) < len(paths):
        raise fault("SamePathRequest", "The commit names the same file path twice")
    _check_size([entry["fileContent"] for entry in puts if "fileContent" in entry])
    for entry in puts:
        if "fileContent" in entry and "sourceFile" in entry:
            raise fault(
                "FileContentAndSourceFileSpecified", f"{entry['filePath']}: both content and a source file"
            )
        if "fileContent" not in entry and "sourceFile" not in entry:
            raise fault(
                "SourceFileOrContentRequired", f"{entry['filePath']}: neither content nor a source file"
            )


def _check_path(path: str) -> None:
    parts = path.split("/")
    if not path or any(part in ("", ".", "..", ".git") for part in parts):
        raise fault("InvalidPath", f"The path is not valid: {path!r}")


def _check_size(contents: list[bytes]) -> None:
    sizes = [len(content) for content in contents]
    if any(size > LARGEST_FILE for size in sizes) or sum(sizes) > LARGEST_CHANGE:
        raise fault(
            "FileContentSizeLimitExceeded",
            "The file cannot be added because it is too large. The maximum file size is 6 MB, and the combined "
            "file content change size is 7 MB.",
        )


def _parent(found: Repository, params: Mapping[str, Any]) -> str:
    """Return the commit to build on, empty for a repository's first; refuse one that is not the tip."""
    branch, given = params["branchName"], params.get("parentCommitId", "")
    check_branch_name(branch)
    if given and not COMMIT_ID.fullmatch(given):
        raise fault("InvalidParentCommitId", f"The parent commit ID is not valid: {given}")
    branches = found.git.branches()
    tip = branches.get(branch, "")
    if not tip and branches:
        raise fault("BranchDoesNotExist", f"{branch} does not exist")
    if given and found.git.resolve(given) is None:
        raise fault("ParentCommitDoesNotExist", f"The parent commit {given} does not exist")
    if tip and not given:
        raise fault("ParentCommitIdRequired", f"{branch} has commits: parentCommitId must be its tip")
    if given != tip:
        raise fault("ParentCommitIdOutdated", f"{given} is not the tip of {branch}: {tip}")
    return tip


def _files(found: Repository, parent: str) -> dict[str, Entry]:
    return {entry.path: entry for entry in found.git.entries(parent)} if parent else {}


def _mode(params: Mapping[str, Any], default: str = "NORMAL") -> str:
    name = params.get("fileMode", default)
    if name not in MODES:
        raise fault("InvalidFileMode", f"The file mode is not valid: {name}")
    return MODES[name]


def _put(change: Change, entry: Mapping[str, Any]) -> None:
    path = entry["filePath"]
    if "fileContent" in entry:
        change.write(path, _mode(entry), entry["fileContent"])
        return
    source = entry["sourceFile"]
    mode = _mode(entry) if "fileMode" in entry else ""
    change.copy(source["filePath"], path, mode, move=bool(source.get("isMove")))


def _set_mode(change: Change, entry: Mapping[str, Any]) -> None:
    old = change.existing(entry["filePath"])
    change.after[old.path] = Entry(old.path, _mode(entry), old.kind, old.object_id)


def _author(request: Request, name: str) -> Author:
    caller = request.caller_arn.rsplit("/", 1)[-1]
    message = request.params.get("commitMessage", "Change files by API")
    if len(message.encode()) > LONGEST_MESSAGE:
        raise fault("CommitMessageLengthExceeded", "The commit message is longer than 256 KB")
    return Author(name or caller, request.params.get("email", ""), message)


def _commit(request: Request, found: Repository, parent: str, change: Change, author: Author) -> str:
    _check_tree(change)
    reference = f"refs/heads/{request.params['branchName']}"
    before = found.git.references()
    found.git.fast_import(_import_stream(reference, parent, change, author))
    after = found.git.references()
    publish_changes(found, before, after, request.caller_arn)
    return after[reference]


def _check_tree(change: Change) -> None:
    """Refuse a path that is both a file and a folder."""
    for path in change.differing():
        if path not in change.after:
            continue
        parent = posixpath.dirname(path)
        while parent:
            if parent in change.after:
                raise fault(
                    "DirectoryNameConflictsWithFileName", f"{parent} is a file; {path} needs a folder there"
                )
            parent = posixpath.dirname(parent)
        if any(other.startswith(f"{path}/") for other in change.after):
            raise fault("FileNameConflictsWithDirectoryName", f"{path} is a folder")


def _import_stream(reference: str, parent: str, change: Change, author: Author) -> bytes:
    who = f"{_clean(author.name)} <{_clean(author.email)}> {int(time.time())} +0000"
    parts = [f"commit {reference}\nauthor {who}\ncommitter {who}\n".encode(), _data(author.message.encode())]
    if parent:
        parts.append(f"from {parent}\n".encode())
    # Deletions go first, so that a folder may take a file's place.
    differing = change.differing()
    parts += [b"D %s\n" % _quoted(path) for path in differing if path not in change.after]
    for path in differing:
        entry = change.after.get(path)
        if entry is None:
            continue
        content = change.contents.get(entry.object_id)
        where = "inline" if content is not None else entry.object_id
        parts.append(b"M %s %s %s\n" % (entry.mode.encode(), where.encode(), _quoted(path)))
        if content is not None:
            parts.append(_data(content))
    return b"".join(parts)


def _clean(text: str) -> str:
    return "".join(char for char in text if char not in "<>\n\r\0").strip()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode()


def _summary(change: Change) -> dict[str, list[dict[str, str]]]:
    added: list[dict[str, str]] = []
    updated: list[dict[str, str]] = []
    deleted: list[dict[str, str]] = []
    for path in change.differing():
        old, new = change.before.get(path), change.after.get(path)
        if new is None and old is not None:
            deleted.append(_file(old))
        elif new is not None:
            (updated if old else added).append(_file(new))
    return {"filesAdded": added, "filesUpdated": updated, "filesDeleted": deleted}


def _file(entry: Entry) -> dict[str, str]:
    return {
        "absolutePath": entry.path,
        "blobId": entry.object_id,
        "fileMode": MODE_NAMES.get(entry.mode, "NORMAL"),
    }


OPERATIONS = {"CreateCommit": create_commit, "DeleteFile": delete_file, "PutFile": put_file}
