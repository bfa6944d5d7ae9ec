"""A rehearsal lives what its options say, ends what it began, and writes its summary whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.platform_parameters import Place
from mlproject.rehearsal import iam_report, logs, people, rehearse, team_repositories
from mlproject.rehearsal.engines import PROCESSES
from mlproject.rehearsal.local import Iam, LocalAws
from mlproject.rehearsal.rehearsal_options import RehearsalOptions
from mlproject.rehearsal.team_repositories import Source, TeamRepositories

RECORD = {"denied": [{"message": "nobody may do this"}]}


@dataclass
class FakeLife:
    """Somebody who writes down what they live."""

    failing: ClassVar[str] = ""
    local: LocalAws
    session: Any
    summary: Any
    data: Path | None
    variant: str
    place: Place
    steps: list[str] = field(default_factory=list)
    publishing: dict[str, Any] = field(default_factory=dict)
    lead: Any = None
    project: Any = None

    def __getattr__(self, name: str) -> Callable[[], None]:
        def live() -> None:
            self.steps.append(name)
            with self.summary.step(name):
                if name == self.failing:
                    raise PlatformError("it went wrong")

        return live

    def sample_record(self) -> Path:
        return Path("record.json")


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeLife]:
    """Let lives be lived nowhere, and return those that were."""
    lived: list[FakeLife] = []

    def life(*words: Any, **named: Any) -> FakeLife:
        lived.append(FakeLife(*words, **named))
        return lived[-1]

    @contextmanager
    def local_aws(*_: Any) -> Iterator[LocalAws]:
        yield LocalAws("http://127.0.0.1:1", tmp_path / "data", tmp_path / "log", 1, PROCESSES)

    monkeypatch.setattr(rehearse, "Life", life)
    monkeypatch.setattr(rehearse, "_local_aws", local_aws)
    monkeypatch.setattr(LocalAws, "session", lambda _: None)
    monkeypatch.setattr(logs, "save", lambda *_: None)
    monkeypatch.setattr(people, "in_own_roles", lambda *_: None)
    monkeypatch.setattr(iam_report, "read", lambda _: RECORD)
    monkeypatch.setattr(iam_report, "write", lambda *_: ["a right that nobody uses"])
    team = TeamRepositories(LocalAws("", tmp_path, tmp_path, 1), "arn:connection")
    monkeypatch.setattr(team_repositories, "prepare", lambda *_: team)
    outputs = {"ModelBuildCloneUrl": "https://git", "ProductionApiUrl": "https://api"}
    monkeypatch.setattr(projects, "outputs", lambda *_: outputs)
    return lived


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (RehearsalOptions(), ["run", "delete"]),
        (RehearsalOptions(keep=True), ["run"]),
        (RehearsalOptions(place=Place.S3), ["run", "update", "delete"]),
        (RehearsalOptions(source=Source.CONNECTION), ["run", "push", "delete"]),
        (RehearsalOptions(iam=Iam.RECORD), ["run", "push", "delete"]),
        (RehearsalOptions(iam=Iam.RECORD, variant="autopilot"), ["run", "delete"]),
    ],
)
def test_a_life_has_the_steps_of_its_options(
    lives: list[FakeLife], tmp_path: Path, options: RehearsalOptions, steps: list[str]
) -> None:
    assert rehearse.rehearse(tmp_path / "out", options, show=False).passed
    assert lives[0].steps == steps
    assert json.loads((tmp_path / "out/summary.json").read_text())["engine"] == PROCESSES.name


def test_a_connection_is_published_with(lives: list[FakeLife], tmp_path: Path) -> None:
    rehearse.rehearse(tmp_path / "out", RehearsalOptions(source=Source.CONNECTION), show=False)
    assert lives[0].publishing == {"connections": ["arn:connection"]}


@pytest.mark.parametrize(
    ("variant", "told"), [("", "a right that nobody uses"), ("autopilot", "nobody may do this")]
)
@pytest.mark.usefixtures("lives")
def test_enforced_rights_are_judged_at_the_end(tmp_path: Path, variant: str, told: str) -> None:
    options = RehearsalOptions(iam=Iam.ENFORCE, variant=variant)
    with pytest.raises(PlatformError, match=told):
        rehearse.rehearse(tmp_path / "out", options, show=False)


@pytest.mark.usefixtures("lives")
def test_a_step_that_fails_is_the_last_of_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLife, "failing", "run")
    with pytest.raises(PlatformError, match="it went wrong"):
        rehearse.rehearse(tmp_path / "out", RehearsalOptions(), show=False)
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert [(step["name"], step["status"]) for step in summary["steps"]] == [("run", "failed")]


@pytest.mark.usefixtures("lives")
def test_what_is_kept_is_told_beside_a_summary_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearse.rehearse(tmp_path / "out", RehearsalOptions(keep=True), show=False)
    told = capsys.readouterr()
    assert told.out == ""
    assert "git clone https://AKIALOCALAWSSERVICE0:any@git" in told.err
