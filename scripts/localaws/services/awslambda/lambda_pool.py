"""Which execution environment takes an invocation: one that is warm and free, or a new one."""

from __future__ import annotations

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable

from moto.core.exceptions import ServiceException

from localaws.images import ImageNotFound
from localaws.patience import ENDLESS, Steps, follow
from localaws.runtime import runtime
from localaws.services.awslambda.lambda_instances import Instance, Invocation
from localaws.services.awslambda.lambda_model import Function, Version

IDLE_SECONDS = 600
LOOK_SECONDS = 10.0
"""How often a function that is called has those looked for that are idle for too long."""
MOST_STARTS = 2
"""Of a function at once. What comes meanwhile waits for the first environment that is free, old or new: in a rush,
starting one for each request would take all processors from those that could answer."""

SETTLE_SECONDS = 0.2
"""How long a request waits for an environment that is at work before it has another one started, likewise."""


class Pool:
    """Warm instances by function; a process-wide one serves all accounts and regions."""

    def __init__(self, make: Callable[[Function, Version], Instance] = Instance) -> None:
        self._make = make
        self._idle: dict[int, list[Instance]] = {}
        self._busy: Counter[int] = Counter()
        self._working: Counter[int] = Counter()
        self._starting: Counter[int] = Counter()
        self._looked: dict[int, float] = {}
        self._lock = threading.Condition()

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
            if function.concurrency is not None and self._busy[key] >= function.concurrency:
                raise ServiceException("TooManyRequestsException", "Rate Exceeded.")
            self._busy[key] += 1
            settled = time.monotonic() + SETTLE_SECONDS
            while (chosen := self._choose(key, version)) is None and not self._may_start(key, settled):
                now = time.monotonic()
                if now >= leaves:
                    self._busy[key] -= 1
                    raise TimeoutError(f"no environment of {function.name} is free")
                # Whoever has waited long enough to have one started looks again when a start is over.
                self._lock.wait(min(leaves, settled if now < settled else ENDLESS) - now)
            self._starting[key] += chosen is None
            self._working[key] += 1
        if chosen is None or time.monotonic() - self._looked.get(key, 0.0) > LOOK_SECONDS:
            self._looked[key] = time.monotonic()
            self.retire(function)
        return chosen

    def _may_start(self, key: int, settled: float) -> bool:
        starting = self._starting[key]
        none_warm = self._working[key] == starting
        return starting < MOST_STARTS and (none_warm or time.monotonic() >= settled)

    def _choose(self, key: int, version: Version) -> Instance | None:
        instances = self._idle.get(key, [])
        chosen = next((each for each in instances if each.version is version and _usable(each)), None)
        if chosen is not None:
            instances.remove(chosen)
        return chosen

    def _has_started(self, function: Function) -> None:
        with self._lock:
            self._starting[id(function)] -= 1
            self._lock.notify_all()

    def _give_back(self, function: Function, instance: Instance | None) -> None:
        key = id(function)
        with self._lock:
            self._busy[key] -= 1
            self._working[key] -= 1
            if instance is not None and _usable(instance) and not function.deleted:
                self._idle.setdefault(key, []).insert(0, instance)
                instance = None
            self._lock.notify_all()
        if instance is not None:
            instance.stop()

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
