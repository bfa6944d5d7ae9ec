"""A tar archive comes in, its members go into a folder, and nowhere else."""

from __future__ import annotations

import tarfile
from pathlib import Path


def extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Extract an archive that nobody vouches for.

    Raises
    ------
    tarfile.TarError
        A member would leave ``folder``, or is a device.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    # Python has filters from 3.11.4 on; Debian 12's is older.
    for member in archive:
        _refuse_outsider(member, folder.resolve())
        archive.extract(member, folder)


def _refuse_outsider(member: tarfile.TarInfo, folder: Path) -> None:
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise tarfile.TarError(f"{member.name!r} is a special file")
    place = folder / member.name
    linked = place.parent / member.linkname if member.issym() else folder / member.linkname
    if not all(each.resolve().is_relative_to(folder) for each in (place, linked)):
        raise tarfile.TarError(f"{member.name!r} would be extracted outside of its folder")
