from __future__ import annotations

import pytest

from localaws.settings import HostSettings


def test_a_variable_that_is_empty_is_as_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAWS_STRICT", "")
    assert not HostSettings().strict
