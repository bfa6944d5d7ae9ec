from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest
from moto.core.exceptions import ServiceException

from localaws import processors
from localaws.patience import Steps, Wait
from localaws.services.awslambda import lambda_pool
from localaws.services.awslambda.lambda_instances import Instance, Invocation
from localaws.services.awslambda.lambda_model import Function, Version
from localaws.services.awslambda.lambda_pool import MOST_STARTS, SETTLE_SECONDS, Pool

SLOW = b'"slow"'
VERSION = cast(Version, SimpleNamespace(revision_id="1"))


class Environments:
    """Makes environments that start when the test lets them, and answer at once."""

    def __init__(self) -> None:
        self.starts: list[threading.Event] = []
        self.end = threading.Event()
        """Of what takes long."""

    @property
    def made(self) -> int:
        return len(self.starts)

    def make(self, function: Function, version: Version) -> Instance:
        instance = FakeInstance(version, self.end)
        self.starts.append(instance.warm)
        return cast(Instance, instance)

    def starting(self) -> int:
        return sum(not start.is_set() for start in self.starts)

    def let_start(self, number: int) -> None:
        for start in [start for start in self.starts if not start.is_set()][:number]:
            start.set()


class FakeInstance:
    def __init__(self, version: Version, end: threading.Event) -> None:
        self.warm, self.end = threading.Event(), end
        self.version, self.revision_id = version, version.revision_id
        self.idle_since = time.monotonic()

    def alive(self) -> bool:
        return True

    def steps(self, invocation: Invocation, started: Callable[[], None]) -> Steps:
        yield Wait(self.warm, 30.0)
        started()
        if invocation.payload == SLOW:
            yield Wait(self.end, 30.0)
        invocation.finish(b"{}", error=False)

    def stop(self) -> None:
        raise AssertionError("nothing here is to be ended")


@pytest.fixture(autouse=True)
def idle_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "were_to_be_had", lambda _: True)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def function(**settings: Any) -> Function:
    return cast(Function, SimpleNamespace(**{"name": "f", "concurrency": None, "deleted": False} | settings))


def test_a_rush_starts_few_environments_and_the_first_that_is_free_takes_the_rest() -> None:
    environments, called = Environments(), function()
    pool = Pool(environments.make)
    invocations = [Invocation(b"{}", "arn") for _ in range(20)]
    with ThreadPoolExecutor(20) as threads:
        for each in invocations:
            threads.submit(pool.invoke, called, VERSION, each)
        until(lambda: environments.starting() == MOST_STARTS)
        time.sleep(0.05)
        assert environments.made == MOST_STARTS
        environments.let_start(1)
        until(lambda: sum(each.done.is_set() for each in invocations) >= 20 - environments.made + 1)
        environments.let_start(environments.made)
    assert all(each.done.is_set() for each in invocations)
    assert environments.made <= 2 * MOST_STARTS


def test_a_request_waits_a_moment_for_an_environment_at_work_before_another_is_started() -> None:
    environments, called = Environments(), function()
    pool = Pool(environments.make)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(pool.invoke, called, VERSION, Invocation(SLOW, "arn"))
        until(lambda: environments.starting() == 1)
        environments.let_start(1)
        came = time.monotonic()
        second = threads.submit(pool.invoke, called, VERSION, Invocation(b"{}", "arn"))
        until(lambda: environments.made == 2)
        assert time.monotonic() - came >= SETTLE_SECONDS
        environments.let_start(1)
        assert second.result(timeout=10)
        assert not first.done()
        environments.end.set()


def test_of_many_that_wait_only_the_first_looks_for_an_idle_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []

    def were_to_be_had(_: processors.Times) -> bool:
        looks.append(threading.get_ident())
        return False

    monkeypatch.setattr(processors, "were_to_be_had", were_to_be_had)
    environments, called = Environments(), function()
    pool = Pool(environments.make)
    waiting = [Invocation(b"{}", "arn") for _ in range(30)]
    with ThreadPoolExecutor(31) as threads:
        threads.submit(pool.invoke, called, VERSION, Invocation(SLOW, "arn"))
        until(lambda: environments.starting() == 1)
        environments.let_start(1)
        for each in waiting:
            threads.submit(pool.invoke, called, VERSION, each, patience=60.0)
        until(lambda: len(looks) >= 3)
        assert len(set(looks)) == 1
        environments.end.set()
    assert all(each.done.is_set() for each in waiting)
    assert environments.made == 1


def test_who_looks_and_leaves_hands_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "were_to_be_had", lambda _: False)
    environments, called = Environments(), function()
    pool = Pool(environments.make)
    with ThreadPoolExecutor(3) as threads:
        threads.submit(pool.invoke, called, VERSION, Invocation(SLOW, "arn"))
        until(lambda: environments.starting() == 1)
        environments.let_start(1)
        impatient = threads.submit(pool.invoke, called, VERSION, Invocation(b"{}", "arn"), patience=0.3)
        time.sleep(0.05)
        patient = threads.submit(pool.invoke, called, VERSION, Invocation(b"{}", "arn"))
        assert not impatient.result(timeout=10)
        monkeypatch.setattr(processors, "were_to_be_had", lambda _: True)
        until(lambda: environments.made == 2)
        environments.let_start(1)
        assert patient.result(timeout=10)
        environments.end.set()


def test_without_an_idle_processor_a_request_waits_the_longer_the_more_environments_are_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processors, "were_to_be_had", lambda _: False)
    monkeypatch.setattr(lambda_pool, "BUSY_SECONDS", 2 * SETTLE_SECONDS)
    environments, called = Environments(), function()
    pool = Pool(environments.make)
    with ThreadPoolExecutor(3) as threads:
        for made in (1, 2):
            threads.submit(pool.invoke, called, VERSION, Invocation(SLOW, "arn"))
            until(lambda made=made: (environments.made, environments.starting()) == (made, 1))  # type: ignore[misc]
            environments.let_start(1)
        came = time.monotonic()
        third = threads.submit(pool.invoke, called, VERSION, Invocation(b"{}", "arn"))
        until(lambda: environments.made == 3)
        assert time.monotonic() - came >= 2 * lambda_pool.BUSY_SECONDS
        environments.let_start(1)
        assert third.result(timeout=10)
        environments.end.set()


def test_an_environment_that_cannot_be_made_leaves_its_place_to_the_next() -> None:
    environments, called, failures = Environments(), function(), [RuntimeError("no memory")] * MOST_STARTS

    def make(asked: Function, version: Version) -> Instance:
        if failures:
            raise failures.pop()
        return environments.make(asked, version)

    pool, invocation = Pool(make), Invocation(b"{}", "arn")
    for _ in range(MOST_STARTS):
        with pytest.raises(RuntimeError, match="no memory"):
            pool.invoke(called, VERSION, Invocation(b"{}", "arn"))
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(pool.invoke, called, VERSION, invocation)
        until(lambda: environments.starting() == 1)
        environments.let_start(1)
        assert done.result(timeout=10)
    assert (invocation.done.is_set(), environments.made) == (True, 1)


@pytest.mark.parametrize("reserved", [None, 1])
def test_a_request_beyond_the_quota_is_refused_at_once(
    reserved: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_pool, "ACCOUNT_CONCURRENCY", 1)
    environments, called = Environments(), function(concurrency=reserved)
    pool = Pool(environments.make)
    assert not pool.invoke(called, VERSION, Invocation(b"{}", "arn"), patience=0.01)
    with pytest.raises(ServiceException, match="Rate Exceeded"):
        pool.invoke(called, VERSION, Invocation(b"{}", "arn"))
    environments.let_start(1)


def test_who_has_no_patience_leaves_and_the_function_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_pool, "SETTLE_SECONDS", 60.0)
    environments, called = Environments(), function()
    pool, invocation = Pool(environments.make), Invocation(b"{}", "arn")
    assert not pool.invoke(called, VERSION, invocation, patience=0.05)
    assert not invocation.done.is_set()
    environments.let_start(1)
    assert invocation.done.wait(10)
    assert pool.invoke(called, VERSION, Invocation(b"{}", "arn"), patience=10.0)
    assert environments.made == 1


def test_who_waits_for_an_environment_in_vain_leaves_its_place_to_others() -> None:
    environments, called = Environments(), function(concurrency=MOST_STARTS + 1)
    pool = Pool(environments.make)
    for _ in range(MOST_STARTS):
        assert not pool.invoke(called, VERSION, Invocation(b"{}", "arn"), patience=0.01)
    for _ in range(3):
        assert not pool.invoke(called, VERSION, Invocation(b"{}", "arn"), patience=0.01)
    assert environments.made == MOST_STARTS
    environments.let_start(MOST_STARTS)
