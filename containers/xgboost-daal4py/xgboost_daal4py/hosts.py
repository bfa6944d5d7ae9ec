"""The job's hosts in, one group that trains one model out: XGBoost's collective, its tracker on the first host."""

from __future__ import annotations

import math
import socket
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost
from xgboost import collective
from xgboost.tracker import RabitTracker

from xgboost_daal4py.channels import Share
from xgboost_daal4py.errors import PlatformError

RETRY_SECONDS = 0.2


@dataclass(frozen=True)
class Hosts:
    """The hosts of a job, in an order that all of them know."""

    names: tuple[str, ...] = ("localhost",)
    current: str = "localhost"

    @classmethod
    def from_resources(cls, document: Mapping[str, Any]) -> Hosts:
        """Read SageMaker's ``resourceconfig.json``; without one, a job has one host."""
        names = tuple(sorted(document.get("hosts") or cls.names))
        return cls(names, document.get("current_host", names[0]))

    @property
    def place(self) -> int:
        return self.names.index(self.current)

    @property
    def several(self) -> bool:
        return len(self.names) > 1

    @property
    def leads(self) -> bool:
        """Whether this host keeps checkpoints and writes the model."""
        return self.place == 0

    def share(self, replicated: bool) -> Share:
        """Return which rows of a channel are this host's: all of its own files', or its part of what everybody has."""
        return Share(self.place, len(self.names)) if replicated else Share()

    @contextmanager
    def join(self, port: int, timeout: int) -> Iterator[None]:
        """Hold this host in the group of all.

        Raises
        ------
        PlatformError
            When not all hosts come together in ``timeout`` seconds. A host that is lost later, or that keeps the
            others waiting for as long, makes an `XGBoostError` of the next thing that the hosts do together.
        """
        if not self.several:
            yield
            return
        address = _resolve(self.names[0], timeout)
        with _tracking(len(self.names), address, port, timeout) if self.leads else nullcontext():
            self._enter(address, port, timeout)
            yield
            # Only after success: a group that has lost a host cannot be left in order.
            collective.finalize()

    def _enter(self, address: str, port: int, timeout: int) -> None:
        try:
            with warnings.catch_warnings():
                # The hosts do not start at the same moment, and XGBoost warns of every attempt.
                warnings.filterwarnings("ignore", message="(?s).*connect")
                collective.init(
                    dmlc_tracker_uri=address,
                    dmlc_tracker_port=port,
                    dmlc_task_id=f"{self.place:06}",
                    dmlc_timeout=timeout,
                    # It waits 2 s longer before every further attempt.
                    dmlc_retry=max(3, math.isqrt(timeout)),
                )
        except xgboost.core.XGBoostError as error:
            count = len(self.names)
            raise PlatformError(f"not all of the {count} hosts came together in {timeout} s") from error


@contextmanager
def _tracking(count: int, address: str, port: int, timeout: int) -> Iterator[None]:
    # By task: ranks follow the places of the hosts.
    tracker = RabitTracker(count, address, port, sortby="task", timeout=timeout)
    tracker.start()
    try:
        yield
        tracker.wait_for(timeout)
    finally:
        # After a failure it can only complain.
        with suppress(xgboost.core.XGBoostError):
            tracker.free()


def add_up(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the sums over all hosts."""
    return collective.allreduce(values, collective.Op.SUM) if collective.is_distributed() else values


def find_most(value: int) -> int:
    """Return the largest value of any host."""
    if not collective.is_distributed():
        return value
    return int(collective.allreduce(np.array([value], dtype=np.int64), collective.Op.MAX)[0])


def gather(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the values of all hosts, one host's after the other's."""
    if not collective.is_distributed():
        return values
    lengths = np.zeros(collective.get_world_size(), dtype=np.float64)
    lengths[collective.get_rank()] = len(values)
    ends = np.cumsum(add_up(lengths)).astype(int)
    everything = np.zeros(ends[-1], dtype=np.float32)
    end = ends[collective.get_rank()]
    everything[end - len(values) : end] = values
    gathered: npt.NDArray[np.float32] = collective.allreduce(everything, collective.Op.SUM)
    return gathered


def is_lost_host(error: xgboost.core.XGBoostError) -> bool:
    """Tell whether XGBoost's error is about another host."""
    return collective.is_distributed() and any(
        word in str(error) for word in ("collective/", "socket.h", "poll_utils")
    )


def _resolve(name: str, timeout: int) -> str:
    """Look a host's address up; its name may become known later than this host starts."""
    end = time.monotonic() + timeout
    while True:
        try:
            return socket.gethostbyname(name)
        except OSError as error:
            if time.monotonic() > end:
                raise PlatformError(f"the first host, {name}, has no address: {error}") from error
            time.sleep(RETRY_SECONDS)
