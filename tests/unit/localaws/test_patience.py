from __future__ import annotations

import logging
import threading

import pytest

from localaws.patience import Steps, Wait, follow


def steps(told: list[bool], *events: threading.Event, seconds: float = 10.0) -> Steps:
    for event in events:
        told.append((yield Wait(event, seconds)))


def test_steps_are_told_which_events_came() -> None:
    told: list[bool] = []
    came, never = threading.Event(), threading.Event()
    came.set()
    assert follow(steps(told, came, never, came, seconds=0.01))
    assert told == [True, False, True]


def test_who_leaves_leaves_the_rest_to_the_background() -> None:
    told: list[bool] = []
    first, second = threading.Event(), threading.Event()
    ended = threading.Event()

    def all_steps() -> Steps:
        yield from steps(told, first, second)
        ended.set()

    assert not follow(all_steps(), patience=0.05)
    first.set()
    second.set()
    assert ended.wait(10)
    assert told == [True, True]


def test_what_fails_in_the_background_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    event, failed = threading.Event(), threading.Event()

    def broken() -> Steps:
        yield Wait(event, 10.0)
        failed.set()
        raise ValueError("too late to tell anyone")

    with caplog.at_level(logging.ERROR):
        assert not follow(broken(), patience=0.01)
        event.set()
        assert failed.wait(10)
        while "too late to tell anyone" not in caplog.text:
            failed.wait(0.01)


def test_what_fails_at_once_is_the_callers() -> None:
    def broken() -> Steps:
        raise ValueError("now")
        yield Wait(threading.Event(), 0.0)

    with pytest.raises(ValueError, match="now"):
        follow(broken())
