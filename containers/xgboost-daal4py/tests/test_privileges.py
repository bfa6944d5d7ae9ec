"""Serving leaves root when it can, and only then."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xgboost_daal4py.privileges import drop_privileges

MODEL_USER = SimpleNamespace(pw_uid=990, pw_gid=991)


class FakeSystem:
    """Stands in for the calls that only root may make, and records them."""

    def __init__(self, patch: pytest.MonkeyPatch, uid: int, readable: bool = True) -> None:
        self.calls: list[tuple[str, Any]] = []
        patch.setattr(os, "getuid", lambda: uid)
        patch.setattr(os, "access", lambda *_, **__: readable)
        patch.setattr(pwd, "getpwnam", lambda name: MODEL_USER)
        for name in ("setegid", "seteuid", "setgroups", "setgid", "setuid"):
            patch.setattr(os, name, lambda value, name=name: self.calls.append((name, value)))

    @property
    def lasting(self) -> list[tuple[str, Any]]:
        return [call for call in self.calls if call[0] in ("setgroups", "setgid", "setuid")]


def test_root_becomes_the_user_groups_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = FakeSystem(monkeypatch, uid=0)
    assert drop_privileges(tmp_path) == "model"
    assert system.lasting == [("setgroups", []), ("setgid", 991), ("setuid", 990)]


def test_root_stays_when_only_root_can_read_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system = FakeSystem(monkeypatch, uid=0, readable=False)
    assert drop_privileges(tmp_path) == "root"
    assert system.lasting == []
    assert system.calls[-2:] == [("seteuid", 0), ("setegid", 0)]


def test_root_stays_where_the_user_does_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def know_nobody(name: str) -> None:
        raise KeyError(name)

    system = FakeSystem(monkeypatch, uid=0)
    monkeypatch.setattr(pwd, "getpwnam", know_nobody)
    assert drop_privileges(tmp_path) == "root"
    assert system.calls == []


def test_another_user_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = FakeSystem(monkeypatch, uid=1234)
    assert drop_privileges(tmp_path) == "1234"
    assert system.calls == []
