"""Archives are extracted into their folder only, also by a Python that has no filters for them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from localaws.archives import extract


@pytest.fixture(params=["with filters", "without"])
def python(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


def member(name: str, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def archive(*members: tarfile.TarInfo) -> tarfile.TarFile:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO(b"x" * each.size))
    written.seek(0)
    return tarfile.open(fileobj=written)


@pytest.mark.usefixtures("python")
def test_files_folders_and_links_arrive(tmp_path: Path) -> None:
    with archive(
        member("bin", type=tarfile.DIRTYPE, mode=0o755),
        member("bin/tool", size=3, mode=0o755),
        member("bin/latest", type=tarfile.SYMTYPE, linkname="tool"),
        member("same", type=tarfile.LNKTYPE, linkname="bin/tool"),
    ) as tar:
        extract(tar, tmp_path)
    assert [(tmp_path / name).read_text() for name in ("bin/tool", "bin/latest", "same")] == ["xxx"] * 3


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    "outsider",
    [
        member("../out", size=3),
        member("link", type=tarfile.SYMTYPE, linkname="../out"),
        member("hard", type=tarfile.LNKTYPE, linkname="../out"),
        member("pipe", type=tarfile.FIFOTYPE),
    ],
    ids=["file", "link", "hard link", "pipe"],
)
def test_what_would_leave_the_folder_is_refused(tmp_path: Path, outsider: tarfile.TarInfo) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with archive(outsider) as tar, pytest.raises(tarfile.TarError):
        extract(tar, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
