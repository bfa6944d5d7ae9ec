from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from localaws.services.awslambda.lambda_instances import Instance, Invocation
from localaws.services.awslambda.lambda_model import Function, Version
from localaws.services.awslambda.lambda_pool import MOST_STARTS, Pool

VERSION = cast(Version, SimpleNamespace(revision_id="1"))


class Environments:
    """Makes environments that start when the test lets them, and answer at once."""

    def __init__(self) -> None:
        self.may_start = threading.Semaphore(0)
        self.starting = 0
        self.made = 0

    def make(self, function: Function, version: Version) -> Instance:
        self.made += 1
        self.starting += 1
        return cast(Instance, FakeInstance(self, version))


class FakeInstance:
    def __init__(self, environments: Environments, version: Version) -> None:
        self._environments = environments
        self._warm = False
        self.version, self.revision_id = version, version.revision_id
        self.idle_since = time.monotonic()

    def alive(self) -> bool:
        return True

    def run(self, invocation: Invocation, started: Callable[[], None]) -> None:
        if not self._warm:
            self._environments.may_start.acquire()
            self._environments.starting -= 1
            self._warm = True
        started()
        invocation.finish(b"{}", error=False)

    def stop(self) -> None:
        raise AssertionError("nothing here is to be ended")


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
        until(lambda: environments.starting == MOST_STARTS)
        time.sleep(0.05)
        assert environments.made == MOST_STARTS
        environments.may_start.release()
        until(lambda: sum(each.done.is_set() for each in invocations) >= 20 - environments.made + 1)
        environments.may_start.release(environments.made)
    assert all(each.done.is_set() for each in invocations)
    assert environments.made <= 2 * MOST_STARTS


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
    environments.may_start.release()
    pool.invoke(called, VERSION, invocation)
    assert (invocation.done.is_set(), environments.made) == (True, 1)
