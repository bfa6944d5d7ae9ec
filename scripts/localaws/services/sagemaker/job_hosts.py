"""The hosts of a job: each with its own /opt/ml and container; the first one that fails ends them all."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from localaws.engine import Cluster, Container, ContainerSpec
from localaws.runtime import runtime

OPT_ML = "/opt/ml"
STOP_GRACE_SECONDS = 120.0
LOST_GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class Host:
    """One instance of a job.

    Attributes
    ----------
    label
        ``algo-1`` ...: the host in the names of log streams.
    name
        What ``resourceconfig.json`` calls the host: where the others reach it.
    folder
        Its /opt/ml on this machine.
    """

    label: str
    name: str
    folder: Path

    def path(self, container_path: str) -> Path:
        """Return the folder on this machine that is ``container_path`` in the container."""
        return self.folder / Path(container_path).relative_to(OPT_ML)


def make_hosts(cluster: Cluster, folder: Path) -> list[Host]:
    """Return the hosts of a job that meet in ``cluster`` and whose files are below ``folder``."""
    return [
        Host(f"algo-{number}", name, folder / f"algo-{number}")
        for number, name in enumerate(cluster.hosts, start=1)
    ]


@dataclass(frozen=True)
class Ended:
    """How a job's containers ended: the first exit code that is not 0, and the host that it is of."""

    host: Host
    code: int = 0
    timed_out: bool = False
    out_of_memory: bool = False


class HostGroup:
    """The running containers of a job's hosts.

    Parameters
    ----------
    specs
        What each host runs; all are started, or none.
    """

    def __init__(self, specs: Mapping[Host, ContainerSpec]) -> None:
        self._containers: dict[Host, Container] = {}
        self._stopping = False
        try:
            for host, spec in specs.items():
                self._containers[host] = runtime().engine.start(spec)
        except BaseException:
            self.stop(LOST_GRACE_SECONDS)
            raise

    def container(self, host: Host) -> Container:
        """Return the container of a host."""
        return self._containers[host]

    def wait(self, timeout: float | None) -> Ended:
        """Return when every container has ended; one that fails, and time that is over, end the others."""
        last = next(iter(self._containers))
        with ThreadPoolExecutor(len(self._containers)) as threads:
            ends = {threads.submit(container.wait): host for host, container in self._containers.items()}
            try:
                for end in as_completed(ends, timeout):
                    if end.result() != 0:
                        return self._lost(ends[end], end.result())
            except TimeoutError:
                self.stop()
                return Ended(last, timed_out=True)
        return Ended(last)

    def stop(self, grace: float = STOP_GRACE_SECONDS) -> None:
        """End every container; return when none is left."""
        self._stopping = True
        if not self._containers:
            return
        with ThreadPoolExecutor(len(self._containers)) as threads:
            for container in self._containers.values():
                threads.submit(container.stop, grace)

    def _lost(self, host: Host, code: int) -> Ended:
        # Hosts that are being stopped keep the time that they were given.
        if not self._stopping:
            self.stop(LOST_GRACE_SECONDS)
        # A process that a signal ended has no code of its own; of a container it is 128 and the signal.
        shown = code if code > 0 else 128 - code
        return Ended(host, shown, out_of_memory=self._containers[host].out_of_memory)
