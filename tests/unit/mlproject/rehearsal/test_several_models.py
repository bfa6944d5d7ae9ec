"""The rehearsal asks both versions by their numbers, and says what is wrong with an answer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.rehearsal import rest, several_models


class Summary:
    """Takes the names of steps."""

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        yield


class Life:
    """A life whose production serves the versions 2 and 1, or answers all by one of them."""

    def __init__(self, always: str = "") -> None:
        self.summary, self.always = Summary(), always
        self.lead = self.project = self.local = self.people = self
        self.developer = None
        self.lived: list[str] = []
        self.judged: list[tuple[float, float]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self.lived.append(name)

    def golden_record(self, age: int = 0) -> dict[str, Any]:
        return {"record": {"version": 2 - age}, "score": (2 - age) / 10}

    def judge(self, prediction: dict[str, float], golden: dict[str, Any]) -> None:
        self.judged.append((prediction["score"], golden["score"]))

    def answer(self, local: Any, url: str, body: bytes, caller: Any) -> requests.Response:
        """Answer as the function does."""
        version = self.always or parse_qs(urlsplit(url).query).get("model", ["2"])[0]
        answer = requests.Response()
        answer.status_code = 200 if version in ("1", "2") else 400
        answer.headers["x-model"] = version
        known = {"predictions": [{"score": int(version) / 10}]}
        answer._content = json.dumps(
            known if answer.status_code == 200 else {"error": {"code": "unknown_model"}}
        ).encode()
        return answer


@pytest.fixture
def lived(monkeypatch: pytest.MonkeyPatch) -> Any:
    def live(life: Life) -> Life:
        monkeypatch.setattr(rest, "post", life.answer)
        monkeypatch.setattr(
            projects, "outputs", lambda *_: {"ProductionApiUrl": "https://api/prod/predictions"}
        )
        several_models.predict(life)  # type: ignore[arg-type]
        return life

    return live


def test_both_versions_are_asked_for_their_own_records(lived: Any) -> None:
    life = lived(Life())
    assert life.lived == ["predict", "push", "approve_model", "deploy_to_staging", "deploy_to_production"]
    assert life.judged == [(0.2, 0.2), (0.2, 0.2), (0.1, 0.1)]


def test_a_stage_that_does_not_choose_is_found_out(lived: Any) -> None:
    with pytest.raises(PlatformError, match="version 1 answered 200"):
        lived(Life(always="2"))
