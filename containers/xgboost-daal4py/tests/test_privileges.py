"""Programs leave root when they can do their work without it, and only then."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xgboost_daal4py.privileges import leave_root

MODEL_USER = SimpleNamespace(pw_uid=990, pw_gid=991)


class FakeSystem:
    """Stands in for the calls that only root may make, and records them."""

    def __init__(
        self, patch: pytest.MonkeyPatch, uid: int = 0, unreadable: str = "", refused: str = ""
    ) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.owners: dict[str, tuple[int, int]] = {}
        self._refused = refused
        patch.setattr(os, "getuid", lambda: uid)
        patch.setattr(os, "access", lambda path, *_, **__: Path(path).name != unreadable)
        patch.setattr(os, "chown", self._chown)
        patch.setattr(pwd, "getpwnam", lambda name: MODEL_USER)
        for name in ("setegid", "seteuid", "setgroups", "setgid", "setuid"):
            patch.setattr(os, name, lambda value, name=name: self._call(name, value))

    def _call(self, name: str, value: Any) -> None:
        if name == self._refused and value != 0:
            raise PermissionError(name)
        self.calls.append((name, value))

    def _chown(self, path: Path, uid: int, gid: int, *, follow_symlinks: bool) -> None:
        assert not follow_symlinks
        self._call("chown", (uid, gid))
        self.owners[Path(path).name] = (uid, gid)

    @property
    def lasting(self) -> list[tuple[str, Any]]:
        return [call for call in self.calls if call[0] in ("setgroups", "setgid", "setuid")]


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    folder = tmp_path / "input" / "data" / "train"
    folder.mkdir(parents=True)
    (folder / "rows.csv").touch()
    return tmp_path / "input"


def test_root_becomes_the_user_groups_first(monkeypatch: pytest.MonkeyPatch, channel: Path) -> None:
    system = FakeSystem(monkeypatch)
    assert leave_root([channel]) == "model"
    assert system.lasting == [("setgroups", []), ("setgid", 991), ("setuid", 990)]


def test_what_is_written_is_handed_over_with_all_that_is_in_it(
    monkeypatch: pytest.MonkeyPatch, channel: Path, tmp_path: Path
) -> None:
    system = FakeSystem(monkeypatch)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "state.ubj").touch()
    (tmp_path / "checkpoints" / "elsewhere").symlink_to(channel)
    leave_root([channel], [tmp_path / "model", tmp_path / "checkpoints"])
    assert system.owners == dict.fromkeys(("model", "checkpoints", "state.ubj", "elsewhere"), (990, 991))
    assert (tmp_path / "model").is_dir()


@pytest.mark.parametrize("unreadable", ["input", "rows.csv"])
def test_root_stays_when_only_root_can_read_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, channel: Path, tmp_path: Path, unreadable: str
) -> None:
    system = FakeSystem(monkeypatch, unreadable=unreadable)
    assert leave_root([channel], [tmp_path / "model"]) == "root"
    assert system.lasting == []
    assert system.owners == {}
    assert system.calls[-2:] == [("seteuid", 0), ("setegid", 0)]


@pytest.mark.parametrize("refused", ["setegid", "seteuid", "chown", "setgroups", "setuid"])
def test_root_stays_where_it_lacks_a_capability(
    monkeypatch: pytest.MonkeyPatch, channel: Path, tmp_path: Path, refused: str
) -> None:
    FakeSystem(monkeypatch, refused=refused)
    assert leave_root([channel], [tmp_path / "model"]) == "root"


def test_root_stays_where_the_user_does_not_exist(monkeypatch: pytest.MonkeyPatch, channel: Path) -> None:
    def know_nobody(name: str) -> None:
        raise KeyError(name)

    system = FakeSystem(monkeypatch)
    monkeypatch.setattr(pwd, "getpwnam", know_nobody)
    assert leave_root([channel]) == "root"
    assert system.calls == []


def test_another_user_is_left_alone(monkeypatch: pytest.MonkeyPatch, channel: Path, tmp_path: Path) -> None:
    system = FakeSystem(monkeypatch, uid=1234)
    assert leave_root([channel], [tmp_path / "model"]) == "1234"
    assert system.calls == []
