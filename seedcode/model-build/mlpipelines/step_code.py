"""Files of the repository in, their place in S3 by content out: equal code and data lead to a cached step."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlpipelines.pipeline_errors import UserError

DIGITS = 16
LAUNCHER = "run_step.py"
NEVER_CODE = re.compile(r"\.|__pycache__$|.*\.pyc$|node_modules$")
NOT_BY_ITSELF = frozenset({"conf", "tests"})
LARGEST_FOLDER = 100 * 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """An object that must be in the project's bucket before an execution starts."""

    key: str
    content: bytes


class Staging(Protocol):
    """Where code and data of the repository will lie in S3."""

    def code(self, folder: str, patterns: Sequence[str] | None) -> str:
        """Return the S3 prefix of a folder's files and the launcher."""

    def data(self, file: str) -> str:
        """Return the S3 URI of a file."""

    def generated(self, program: str) -> str:
        """Return the S3 URI of what a program prints."""

    def text(self, name: str, content: str) -> str:
        """Return the S3 URI of a file of this content."""


class NoStaging:
    """Places that nothing is put to, for a look at a configuration."""

    def code(self, folder: str, patterns: Sequence[str] | None) -> str:
        return "s3://bucket/code/"

    def data(self, file: str) -> str:
        return f"s3://bucket/data/{file}"

    generated = data

    def text(self, name: str, content: str) -> str:
        return self.data(name)


class ContentStaging:
    """Places by content, and what must be uploaded to them."""

    def __init__(self, root: Path, bucket: str) -> None:
        self._root = root
        self._bucket = bucket
        self._made: dict[tuple[str, ...], str] = {}
        self.uploads: dict[str, Upload] = {}

    def code(self, folder: str, patterns: Sequence[str] | None) -> str:
        key = ("code", folder, *(patterns or ()))
        if key not in self._made:
            self._made[key] = self._stage_code(folder, patterns)
        return self._made[key]

    def data(self, file: str) -> str:
        path = self._root / file
        return self._stage_data(path.name, path.read_bytes())

    def generated(self, program: str) -> str:
        key = ("generated", program)
        if key not in self._made:
            content = _run(self._root, program)
            self._made[key] = self._stage_data(f"{Path(program).stem}.csv", content)
        return self._made[key]

    def text(self, name: str, content: str) -> str:
        return self._stage_data(name, content.encode())

    def sha256(self, uri: str) -> str | None:
        """Return the SHA-256 of a staged file; None for an object that lies elsewhere."""
        upload = self.uploads.get(uri.removeprefix(f"s3://{self._bucket}/"))
        return hashlib.sha256(upload.content).hexdigest() if upload else None

    def _stage_code(self, folder: str, patterns: Sequence[str] | None) -> str:
        files = {path: (self._root / path).read_bytes() for path in code_files(self._root, folder, patterns)}
        if sum(map(len, files.values())) > LARGEST_FOLDER:
            raise UserError(f"{folder} holds more than 100 MB: name what the step needs in source_files")
        files[LAUNCHER] = Path(__file__).with_name(LAUNCHER).read_bytes()
        total = hashlib.sha256()
        for path in sorted(files):
            total.update(f"{path}\0{hashlib.sha256(files[path]).hexdigest()}\n".encode())
        prefix = f"code/{total.hexdigest()[:DIGITS]}"
        for path, content in files.items():
            self._add(Upload(f"{prefix}/{path}", content))
        return f"s3://{self._bucket}/{prefix}/"

    def _stage_data(self, name: str, content: bytes) -> str:
        key = f"data/files/{hashlib.sha256(content).hexdigest()}/{name}"
        self._add(Upload(key, content))
        return f"s3://{self._bucket}/{key}"

    def _add(self, upload: Upload) -> None:
        self.uploads[upload.key] = upload


def code_files(root: Path, folder: str, patterns: Sequence[str] | None) -> list[str]:
    """Return the paths, from ``root``, of the files that a step's code consists of, sorted.

    Parameters
    ----------
    root
        The repository.
    folder
        A source directory.
    patterns
        Which files of it; None for all but configuration and tests.
    """
    base = root / folder
    found: Iterable[Path]
    if patterns is None:
        found = _walk(base, NOT_BY_ITSELF)
    else:
        usable = [
            each for each in patterns if each and not each.startswith("/") and ".." not in each.split("/")
        ]
        found = (path for pattern in usable for path in base.glob(pattern))
    return sorted({path.relative_to(root).as_posix() for path in found if path.is_file()})


def _walk(folder: Path, skipped: frozenset[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if NEVER_CODE.match(path.name) or path.name in skipped:
            continue
        if path.is_dir():
            yield from _walk(path, frozenset())
        else:
            yield path


def _run(root: Path, program: str) -> bytes:
    done = subprocess.run(  # noqa: S603  # a program of this repository, as its tests are
        [sys.executable, program], cwd=root, capture_output=True, check=False
    )
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise UserError(f"the generator {program} fails: {words[-1]}")
    return done.stdout
