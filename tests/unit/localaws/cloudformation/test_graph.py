"""Work follows its dependencies, side by side where it can, and stops where it must."""

from __future__ import annotations

import threading

import pytest

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.graph import reverse, run_graph

CHAIN = {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"elsewhere"}}


def test_every_name_comes_after_what_it_depends_on() -> None:
    done: list[str] = []
    assert run_graph(CHAIN, done.append) == {}
    assert sorted(done) == ["a", "b", "c", "d"]
    assert [name for name in done if name != "d"] == ["a", "b", "c"]


def test_what_is_free_runs_side_by_side() -> None:
    together = threading.Barrier(2, timeout=10)

    def work(name: str) -> None:
        together.wait()

    assert run_graph({"a": set(), "b": set()}, work) == {}


def test_a_failure_keeps_what_waits_for_it_from_starting() -> None:
    done: list[str] = []

    def work(name: str) -> None:
        if name == "b":
            raise ResourceFailure("broken")
        done.append(name)

    failures = run_graph(CHAIN, work, threading.Event())
    assert {name: failure.reason for name, failure in failures.items()} == {"b": "broken"}
    assert "c" not in done


def test_a_defect_is_a_failure_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    def work(name: str) -> None:
        raise KeyError(name)

    assert run_graph({"a": set()}, work)["a"].reason == "Internal Failure: KeyError: 'a'"
    assert "resource a failed" in caplog.text


def test_what_never_started_has_not_succeeded() -> None:
    cancelled = threading.Event()

    def work(name: str) -> None:
        cancelled.set()

    assert set(run_graph(CHAIN, work, cancelled)) == {"b", "c"}


def test_turned_round_the_last_comes_first() -> None:
    assert reverse(CHAIN) == {"a": {"b"}, "b": {"c"}, "c": set(), "d": set()}
