"""A channel's folder in, its labelled rows out (to `matrices`): held in memory, or read again when needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xgboost_daal4py.errors import InvalidRecords, UserError
from xgboost_daal4py.labelled_files import Batch, Format, estimate_bytes, read_batches
from xgboost_daal4py.memory import usable_memory

FORMATS: Mapping[str, Format] = {
    "text/csv": "csv",
    ".csv": "csv",
    "application/x-parquet": "parquet",
    ".parquet": "parquet",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    ".libsvm": "libsvm",
    ".svm": "libsvm",
}
"""By a channel's content type, or by the ending of its first file."""
MEMORY_SHARE = 0.3
"""Features that would take more of the memory stay in their files."""
PAGE_BYTES = 2**26
"""Of features that stay there, as much is in memory at a time."""


@dataclass(frozen=True)
class Share:
    """Which rows of a channel are this host's: every ``of``-th, beginning with number ``place``."""

    place: int = 0
    of: int = 1


@dataclass(frozen=True)
class ChannelFiles:
    """What a channel's folder holds."""

    name: str
    files: Sequence[Path]
    form: Format

    def read(self, names: Sequence[str], share: Share) -> Iterator[Batch]:
        """Read this host's rows; what is wrong is named with channel, file, row and column."""
        skipped = 0
        for path in self.files:
            try:
                for batch in read_batches(path, self.form, names):
                    part = (
                        batch.take(slice((share.place - skipped) % share.of, None, share.of))
                        if share.of > 1
                        else batch
                    )
                    skipped += len(batch)
                    if len(part):
                        yield part
            except InvalidRecords as error:
                first = error.problems[0]
                row = "" if first.record is None else f"row {first.record + 1}, {first.column or 'width'}: "
                raise UserError(f"{self._describe(path)}: {row}{first.message}") from error
            except UserError as error:
                raise UserError(f"{self._describe(path)}: {error}") from error

    def digest(self) -> str:
        """Return the SHA-256 of the one file, or of a list of all files' sums."""
        sums = []
        for path in self.files:
            with path.open("rb") as file:
                sums.append(hashlib.file_digest(file, "sha256").hexdigest())
        return sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest()

    def _describe(self, path: Path) -> str:
        return f"channel {self.name!r}" + (f", file {path.name!r}" if len(self.files) > 1 else "")


@dataclass(frozen=True)
class Channel:
    """A labelled, processed data set."""

    batches: Iterable[Batch]
    """Can be gone through again and again."""
    labels: npt.NDArray[np.float32]
    sha256: str = ""
    """Of the file that it was read from, if it was."""
    external: bool = False
    """Whether every pass reads the files again."""

    @classmethod
    def of(cls, features: npt.NDArray[np.float32], labels: npt.NDArray[np.float32]) -> Channel:
        """Make a channel of arrays."""
        return cls([Batch(features, labels)], labels)

    def __len__(self) -> int:
        return len(self.labels)

    def together(self) -> Batch:
        """Return all rows as one batch."""
        return _join(list(self.batches))


def find_files(folder: Path, content_type: str = "") -> ChannelFiles:
    """Find a channel's files, in the order of their names; names that begin with a dot or underscore do not count.

    Raises
    ------
    UserError
        When there is none, or the format is unknown.
    """
    name = folder.name
    if not folder.is_dir() and any(folder.parent.glob(f"{name}_[0-9]*")):
        raise UserError(f"channel {name!r} comes in Pipe mode; set its input mode to File or FastFile")
    paths = sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))
    )
    if not paths:
        raise UserError(f"channel {name!r} holds no file")
    kind = content_type.partition(";")[0].strip().lower() or paths[0].suffix or "text/csv"
    if kind not in FORMATS:
        known = ", ".join(kind for kind in FORMATS if "/" in kind)
        raise UserError(f"channel {name!r} is {kind!r}; give it one of the content types {known}")
    return ChannelFiles(name, paths, FORMATS[kind])


def read_channel(files: ChannelFiles, names: Sequence[str], share: Share, external: str) -> Channel:
    """Read a channel's rows, or, when they are too many for the memory, their labels alone.

    Parameters
    ----------
    files
        What `find_files` found.
    names
        The features' names.
    share
        Which rows are this host's.
    external
        ``always`` or ``never`` leave the features in their files, ``auto`` decides by the memory.
    """
    outside = external == "always" or (external == "auto" and _is_too_large(files, len(names), share))
    batches: list[Batch] = []
    labels: list[npt.NDArray[np.float32]] = []
    for batch in files.read(names, share):
        labels.append(batch.labels)
        if not outside:
            batches.append(batch)
    if not labels:
        raise UserError(f"channel {files.name!r}: there is no row")
    source = _Again(files, names, share) if outside else [_join(batches)]
    return Channel(source, np.concatenate(labels), files.digest(), outside)


@dataclass(frozen=True)
class _Again:
    """The rows of files, read anew in every pass."""

    files: ChannelFiles
    names: Sequence[str]
    share: Share

    def __iter__(self) -> Iterator[Batch]:
        return _merge(self.files.read(self.names, self.share), PAGE_BYTES // (4 * len(self.names)))


def _merge(batches: Iterable[Batch], rows: int) -> Iterator[Batch]:
    """Put batches together until they have so many rows: XGBoost merges quantiles after every batch, slowly."""
    waiting: list[Batch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= rows:
            yield _join(waiting)
            waiting = []
    if waiting:
        yield _join(waiting)


def _join(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    features = [batch.features for batch in batches]
    labels = np.concatenate([batch.labels for batch in batches])
    groups = [batch.groups for batch in batches if batch.groups is not None]
    if isinstance(features[0], np.ndarray):
        joined = np.concatenate(features)
    else:
        from scipy.sparse import vstack

        joined = vstack(features, format="csr")
    return Batch(joined, labels, np.concatenate(groups) if groups else None)


def _is_too_large(files: ChannelFiles, features: int, share: Share) -> bool:
    needed = sum(estimate_bytes(path, files.form, features) for path in files.files) / share.of
    return files.form != "libsvm" and needed > MEMORY_SHARE * usable_memory()
