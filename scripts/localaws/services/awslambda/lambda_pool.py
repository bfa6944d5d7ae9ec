"""Which execution environment takes an invocation: one that is warm and free, or a new one."""

from __future__ import annotations

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from moto.core.exceptions import ServiceException

from localaws import processors
from localaws.images import ImageNotFound
from localaws.patience import ENDLESS, Steps, follow
from localaws.runtime import runtime
from localaws.services.awslambda.lambda_instances import Instance, Invocation
from localaws.services.awslambda.lambda_model import ACCOUNT_CONCURRENCY, Function, Version

IDLE_SECONDS = 600
LOOK_SECONDS = 10.0
"""How often a function that is called has those looked for that are idle for too long."""
MOST_STARTS = 1
"""Of a function at once. What comes meanwhile waits for the first environment that is free, old or new: in a rush,
starting one for each request would take all processors from those that could answer."""

SETTLE_SECONDS = 0.2
"""How long a request waits for an environment that is at work before it has another one started, likewise."""

BUSY_SECONDS = 5.0
"""How long it waits, for each environment at work, where no processor is idle. On AWS another environment brings one
with it; here it takes one from those that could answer, and what a stall left waiting would only grow."""


@dataclass(eq=False)
class _Waiter:
    """A request that waits; it is given an instance, or the leave to start one."""

    version: Version
    instance: Instance | None = None
    starts: bool = False
    came: processors.Times = field(init=False)
    called: threading.Event = field(default_factory=threading.Event)

    @property
    def served(self) -> bool:
        return self.starts or self.instance is not None


class Pool:
    """Warm instances by function; a process-wide one serves all accounts and regions."""

    def __init__(self, make: Callable[[Function, Version], Instance] = Instance) -> None:
        self._make = make
        self._idle: dict[int, list[Instance]] = {}
        self._working: Counter[int] = Counter()
        self._starting: Counter[int] = Counter()
        self._looked: dict[int, float] = {}
        self._waiting: dict[int, list[_Waiter]] = {}
        self._lock = threading.Lock()

    def invoke(
        self, function: Function, version: Version, invocation: Invocation, patience: float = ENDLESS
    ) -> bool:
        """Run an invocation on a warm instance of the version, or on a new one.

        Tell whether it came to its end in as many seconds as the caller has; what does not goes on by itself.
        """
        leaves = time.monotonic() + patience
        try:
            instance = self._take(function, version, leaves)
        except TimeoutError:
            return False
        if instance is None:
            steps = self._on_new(function, version, invocation)
        else:
            steps = self._on(function, instance, invocation)
        return follow(steps, leaves - time.monotonic())

    def _on_new(self, function: Function, version: Version, invocation: Invocation) -> Steps:
        has_started = functools.cache(lambda: self._has_started(function))
        try:
            instance = self._make(function, version)
        except BaseException as error:
            has_started()
            self._give_back(function, None)
            if not isinstance(error, ImageNotFound):
                raise
            invocation.fail("Runtime.InvalidEntrypoint", str(error))
        else:
            yield from self._on(function, instance, invocation, has_started)

    def _on(
        self,
        function: Function,
        instance: Instance,
        invocation: Invocation,
        has_started: Callable[[], None] = lambda: None,
    ) -> Steps:
        try:
            yield from instance.steps(invocation, has_started)
        finally:
            has_started()
            self._give_back(function, instance)

    def _take(self, function: Function, version: Version, leaves: float) -> Instance | None:
        """Return an instance that is free, or None for one to be made, which counts as starting from now on.

        Raise TimeoutError when there is neither before the caller leaves.
        """
        key = id(function)
        with self._lock:
            present = self._working[key] + len(self._waiting.get(key, []))
            most = ACCOUNT_CONCURRENCY if function.concurrency is None else function.concurrency
            if present >= most:
                raise ServiceException("TooManyRequestsException", "Rate Exceeded.")
            waiter = _Waiter(version, self._choose(key, version))
            if waiter.instance is None and self._working[key] == self._starting[key] < MOST_STARTS:
                waiter.starts = True
            if waiter.served:
                self._count(key, waiter)
            else:
                waiter.came = processors.times()
                self._waiting.setdefault(key, []).append(waiter)
        if not waiter.served:
            self._wait(key, waiter, leaves)
        if waiter.starts or time.monotonic() - self._looked.get(key, 0.0) > LOOK_SECONDS:
            self._looked[key] = time.monotonic()
            self.retire(function)
        return waiter.instance

    def _wait(self, key: int, waiter: _Waiter, leaves: float) -> None:
        """Wait for an instance that somebody gives back, or for the leave to start one.

        Only who waits longest looks again and again: thousands who did would take the time of those that answer.
        """
        while True:
            with self._lock:
                first = waiter is self._first(key)
                if first:
                    self._let_start(key)
                if waiter.served:
                    return
                left = leaves - time.monotonic()
                if left <= 0:
                    self._waiting[key].remove(waiter)
                    self._call_first(key)
                    raise TimeoutError("no environment is free")
                looks = SETTLE_SECONDS * (1 + self._working[key]) if first else LOOK_SECONDS
                waiter.called.clear()
            waiter.called.wait(min(left, looks))

    def _first(self, key: int) -> _Waiter | None:
        return next(iter(self._waiting.get(key, [])), None)

    def _call_first(self, key: int) -> None:
        """Have who waits longest now look from here on."""
        if (first := self._first(key)) is not None:
            first.called.set()

    def _let_start(self, key: int) -> None:
        """Let who waits longest start an instance, if it has waited long enough and no more are starting."""
        waiting = self._waiting.get(key)
        if not waiting or self._starting[key] >= MOST_STARTS:
            return
        came = waiting[0].came
        waited = time.monotonic() - came.clock
        if self._working[key] == self._starting[key] or (
            waited >= SETTLE_SECONDS
            and (waited >= BUSY_SECONDS * self._working[key] or processors.were_to_be_had(came))
        ):
            self._serve(key, waiting.pop(0), None)

    def _serve(self, key: int, waiter: _Waiter, instance: Instance | None) -> None:
        waiter.instance, waiter.starts = instance, instance is None
        self._count(key, waiter)
        waiter.called.set()
        self._call_first(key)

    def _count(self, key: int, waiter: _Waiter) -> None:
        self._working[key] += 1
        self._starting[key] += waiter.starts

    def _choose(self, key: int, version: Version) -> Instance | None:
        instances = self._idle.get(key, [])
        chosen = next((each for each in instances if each.version is version and _usable(each)), None)
        if chosen is not None:
            instances.remove(chosen)
        return chosen

    def _has_started(self, function: Function) -> None:
        with self._lock:
            self._starting[id(function)] -= 1
            self._let_start(id(function))

    def _give_back(self, function: Function, instance: Instance | None) -> None:
        key = id(function)
        with self._lock:
            self._working[key] -= 1
            if instance is not None and _usable(instance) and not function.deleted:
                self._hand_on(key, instance)
                instance = None
            else:
                self._let_start(key)
        if instance is not None:
            instance.stop()

    def _hand_on(self, key: int, instance: Instance) -> None:
        waiting = self._waiting.get(key, [])
        waiter = next((each for each in waiting if each.version is instance.version), None)
        if waiter is None:
            self._idle.setdefault(key, []).insert(0, instance)
            self._let_start(key)
        else:
            waiting.remove(waiter)
            self._serve(key, waiter, instance)

    def retire(self, function: Function) -> None:
        """End the idle instances that cannot be used again: old code, dead, too long idle, function deleted."""
        with self._lock:
            instances = self._idle.pop(id(function), [])
            keep = [instance for instance in instances if _usable(instance) and not function.deleted]
            if keep:
                self._idle[id(function)] = keep
        for instance in instances:
            if instance not in keep:
                runtime().spawn(f"end of {function.name}", instance.stop)


def _usable(instance: Instance) -> bool:
    fresh = time.monotonic() - instance.idle_since < IDLE_SECONDS
    return fresh and instance.alive() and instance.revision_id == instance.version.revision_id
