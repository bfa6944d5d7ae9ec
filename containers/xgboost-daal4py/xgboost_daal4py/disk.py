"""An error of a write in, words on the disk that is full out (to `job`)."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
GIGABYTE = 2**30


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name the file in an error of its writing: neither Python nor pyarrow does once it is open."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def explain_full_disk(error: OSError, ml_root: Path) -> str:
    """Return what a user must know of an error whose number is one of `FULL`.

    Parameters
    ----------
    error
        What a write raised.
    ml_root
        The folder that the job's disk is mounted at, for an error that names no file.
    """
    file = Path(error.filename) if error.filename else None
    usage = shutil.disk_usage(file.parent if file else ml_root)
    what = f"{file} cannot be written" if file else f"a file below {ml_root} cannot be written"
    return (
        f"the disk is full: {what} ({usage.free / GIGABYTE:.1f} of {usage.total / GIGABYTE:.1f} GB are free): "
        "give the job a larger volume (VolumeSizeInGB)"
    )
