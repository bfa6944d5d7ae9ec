"""Runs work over a dependency graph: what is free runs side by side, what failed comes back by name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from localaws.services.cloudformation.errors import ResourceFailure

_WORKERS = 8
_log = logging.getLogger(__name__)


def run_graph(
    depends: Mapping[str, Set[str]], work: Callable[[str], None], cancelled: threading.Event | None = None
) -> dict[str, ResourceFailure]:
    """Call ``work`` for every name, each after those it depends on.

    Parameters
    ----------
    depends
        Name -> the names that must be done before; names outside of the mapping count as done.
    work
        Raises ``ResourceFailure`` to fail; whatever waits for a failed name is not started.
    cancelled
        When given: set by the first failure, or from outside; once it is set nothing new starts.

    Returns
    -------
    dict
        The failures by name.
    """
    waiting = {name: set(wanted) & set(depends) for name, wanted in depends.items()}
    failures: dict[str, ResourceFailure] = {}
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="cloudformation") as pool:
        while True:
            if not (cancelled and cancelled.is_set()):
                for name in [name for name, wanted in waiting.items() if not wanted]:
                    del waiting[name]
                    running[pool.submit(work, name)] = name
            if not running:
                # Given up from outside: what never started has not succeeded.
                return failures or {name: ResourceFailure("Resource operation cancelled") for name in waiting}
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                failure = _failure(name, future)
                if failure is None:
                    for wanted in waiting.values():
                        wanted.discard(name)
                else:
                    failures[name] = failure
                    if cancelled:
                        cancelled.set()


def reverse(depends: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """Return the graph with every edge turned round."""
    turned: dict[str, set[str]] = {name: set() for name in depends}
    for name, wanted in depends.items():
        for other in wanted & set(depends):
            turned[other].add(name)
    return turned


def _failure(name: str, future: Future[None]) -> ResourceFailure | None:
    error = future.exception()
    if error is None or isinstance(error, ResourceFailure):
        return error
    _log.error("resource %s failed", name, exc_info=error)
    return ResourceFailure(f"Internal Failure: {type(error).__name__}: {error}")
