"""Layers and configurations of images on disk: bytes come in piece by piece, a file by its digest goes out."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
import uuid
from pathlib import Path
from typing import IO

from localaws.runtime import runtime

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
UPLOAD_ID = re.compile(r"[0-9a-f-]{36}")
CHUNK = 1 << 20
DAYS_KEPT = 30
DAY_SECONDS = 86400


class DigestMismatch(Exception):
    """What was uploaded is not what its digest says."""


class UploadUnknown(Exception):
    """There is no such upload, or no longer."""


def blob_file(digest: str) -> Path:
    """Return where the blob of a digest (``sha256:<hex>``) lies, or would lie."""
    if not DIGEST.fullmatch(digest):
        raise DigestMismatch(f"{digest!r} is not a SHA-256 digest")
    return _folder("blobs") / digest.removeprefix("sha256:")


def begin_upload() -> str:
    """Make an empty upload and return its id."""
    identity = str(uuid.uuid4())
    (_folder("uploads") / identity).touch()
    return identity


def upload_size(identity: str) -> int:
    """Return how many bytes an upload has so far."""
    return _upload(identity).stat().st_size


def append(identity: str, content: IO[bytes]) -> int:
    """Append what ``content`` holds; return the upload's new size."""
    with _upload(identity).open("ab") as file:
        while piece := content.read(CHUNK):
            file.write(piece)
        return file.tell()


def cancel_upload(identity: str) -> None:
    """Forget an upload."""
    _upload(identity).unlink()


def finish_upload(identity: str, digest: str) -> int:
    """Make a blob of an upload; return its size.

    Raises
    ------
    DigestMismatch
        When the bytes are others; the upload is gone then, as it is in any case.
    """
    target, upload = blob_file(digest), _upload(identity)
    with upload.open("rb") as file:
        found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    if found != digest:
        upload.unlink()
        raise DigestMismatch(f"the digest of what was uploaded is {found}, not {digest}")
    size = upload.stat().st_size
    upload.rename(target)
    _share(target)
    return size


def adopt(digest: str) -> int | None:
    """Take a blob from what other servers of this user were sent; return its size, None when none has it.

    A layer of hundreds of megabytes takes an engine longer to compress and send than a training takes.
    """
    target, shared = blob_file(digest), _shared() / digest.removeprefix("sha256:")
    if not target.exists():
        try:
            os.utime(shared)
            _link(shared, target)
        except FileNotFoundError:
            return None
    return target.stat().st_size


def _share(blob: Path) -> None:
    """Keep a blob for later servers, and drop what none has asked for in a month."""
    folder = _shared()
    folder.mkdir(parents=True, exist_ok=True)
    _link(blob, folder / blob.name)
    oldest = time.time() - DAYS_KEPT * DAY_SECONDS
    for old in folder.iterdir():
        # Another server may be at the same work.
        with contextlib.suppress(FileNotFoundError):
            if old.stat().st_mtime < oldest:
                old.unlink()


def _link(source: Path, target: Path) -> None:
    """Give a file a second place; what is there already is the same, by its digest."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except FileNotFoundError:
        raise
    except OSError:
        # On another file system. Copied beside it first, so that nobody finds half of it.
        partial = target.with_name(f".{target.name}-{uuid.uuid4().hex}")
        shutil.copyfile(source, partial)
        partial.rename(target)


def _shared() -> Path:
    return runtime().images.folder.parent / "layers"


def _upload(identity: str) -> Path:
    path = _folder("uploads") / identity
    if not UPLOAD_ID.fullmatch(identity) or not path.exists():
        raise UploadUnknown(f"there is no upload {identity}")
    return path


def _folder(name: str) -> Path:
    folder = runtime().data / "ecr" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
