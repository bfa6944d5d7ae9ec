"""What the servers of the stand-ins put into this process goes again: their scripts are modules of a fixed name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.framework_images.context import context


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Path]:
    """Give an unpacked model archive with an empty `code/`; what is imported of it is forgotten."""
    path, modules = [*sys.path], {*sys.modules}
    (tmp_path / "code").mkdir()
    yield tmp_path
    sys.path[:] = path
    for name in {*sys.modules} - modules:
        del sys.modules[name]


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give an empty cache of this machine, where no folder of a stand-in is."""
    context.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    context.cache_clear()
