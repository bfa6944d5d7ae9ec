"""A process in, what it and all that runs for it take of memory and processors out, by process and kind."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

KINDS = {"-m localaws": "localaws", "awslambdaric": "functions", "serve": "model servers"}
"""By what their command lines contain; a process without it is of its parent's kind."""

TICKS = 100.0


@dataclass(frozen=True)
class Usage:
    """What one process has taken so far, and its kind."""

    kind: str
    memory_mb: float
    cpu_seconds: float


@dataclass
class Watch:
    """Samples of a while: seconds since it began, and usage by process."""

    samples: list[tuple[float, Mapping[int, Usage]]] = field(default_factory=list)

    def memory(self, kind: str, second: float) -> float:
        """Return the memory of a kind at the sample nearest to a second."""
        usages = min(self.samples, key=lambda sample: abs(sample[0] - second))[1].values()
        return sum(each.memory_mb for each in usages if each.kind == kind)

    def growth(self) -> float:
        """Return how many times the memory of the samples' second fifth the processes have in their last.

        Only those are compared that were there all the time: one started later is more capacity, and no growth.
        """
        fifth = max(1, len(self.samples) // 5)
        early, late = self.samples[fifth : 2 * fifth] or self.samples[:fifth], self.samples[-fifth:]
        lasting = set.intersection(*(set(usages) for _, usages in [*early, *late]))

        def mean(samples: list[tuple[float, Mapping[int, Usage]]]) -> float:
            return sum(usages[pid].memory_mb for _, usages in samples for pid in lasting) / len(samples)

        return mean(late) / mean(early)

    def cpu_seconds(self, kind: str) -> float:
        """Return the processor time that those of a kind at the end took since the first sample."""
        first, last = self.samples[0][1], self.samples[-1][1]
        taken = {pid: usage.cpu_seconds for pid, usage in last.items() if usage.kind == kind}
        return sum(taken.values()) - sum(first[pid].cpu_seconds for pid in taken if pid in first)

    def processes(self) -> Counter[str]:
        """Return how many of each kind there are at the end."""
        return Counter(each.kind for each in self.samples[-1][1].values())


@contextmanager
def watching(roots: list[int], seconds: float) -> Iterator[Watch]:
    """Sample the descendants of some processes while inside, so often, and at the beginning and the end."""
    watch, ended, began = Watch(), threading.Event(), time.monotonic()

    def sample() -> None:
        watch.samples.append((time.monotonic() - began, usage_of(roots)))

    def keep_sampling() -> None:
        while not ended.wait(seconds):
            sample()

    sample()
    sampler = threading.Thread(target=keep_sampling)
    sampler.start()
    try:
        yield watch
    finally:
        ended.set()
        sampler.join()
        sample()


def usage_of(roots: list[int]) -> dict[int, Usage]:
    """Return what some processes and their descendants take now, by process."""
    found: dict[int, Usage] = {}
    parents = {pid: parent for pid, parent, _ in _stats()}
    for pid, _, ticks in _stats():
        lineage = _lineage(pid, parents)
        own = next((place for place, each in enumerate(lineage) if each in roots), None)
        if own is None:
            continue
        kind = next((kind for each in lineage[: own + 1] if (kind := _kind(each))), "others")
        found[pid] = Usage(kind, _memory_mb(pid), ticks / TICKS)
    return found


def _stats() -> Iterator[tuple[int, int, int]]:
    """Yield each process's id, its parent's, and its processor time."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (text := _read(folder / "stat")):
            fields = text.rpartition(")")[2].split()
            yield int(folder.name), int(fields[1]), int(fields[11]) + int(fields[12])


def _lineage(pid: int, parents: Mapping[int, int]) -> list[int]:
    lineage = [pid]
    while (parent := parents.get(lineage[-1], 0)) > 1:
        lineage.append(parent)
    return lineage


def _kind(pid: int) -> str:
    line = _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")
    return next((kind for words, kind in KINDS.items() if words in line), "")


def _memory_mb(pid: int) -> float:
    """Return a process's share of memory: what a fork has in common with its parent is not counted twice.

    Of other users' processes only all that is resident can be read.
    """
    folder = Path(f"/proc/{pid}")
    lines = (_read(folder / "smaps_rollup") or _read(folder / "status")).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss:", "VmRSS:"))) / 1024


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return ""
