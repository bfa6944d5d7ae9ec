"""A process in, what it and all that runs for it take of memory and processors out, by kind of process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

KINDS = {"-m localaws": "localaws", "awslambdaric": "functions", "serve": "model servers"}
"""By what their command lines contain; a process without it is of its parent's kind."""

TICKS = 100.0


@dataclass
class Usage:
    """What the processes of one kind take."""

    processes: int = 0
    memory_mb: float = 0.0
    cpu_seconds: float = 0.0


@dataclass
class Watch:
    """Samples of a while: seconds since it began, and usage by kind."""

    samples: list[tuple[float, Mapping[str, Usage]]] = field(default_factory=list)

    def memory(self, kind: str, second: float) -> float:
        """Return the memory of a kind at the sample nearest to a second."""
        usage = min(self.samples, key=lambda sample: abs(sample[0] - second))[1]
        return usage[kind].memory_mb if kind in usage else 0.0

    def totals(self) -> list[float]:
        """Return the memory of all kinds, sample by sample."""
        return [sum(usage.memory_mb for usage in sample.values()) for _, sample in self.samples]

    def cpu_seconds(self, kind: str) -> float:
        """Return the processor time of a kind from the first sample to the last."""
        first, last = self.samples[0][1], self.samples[-1][1]
        return last[kind].cpu_seconds - (first[kind].cpu_seconds if kind in first else 0.0)

    @property
    def kinds(self) -> list[str]:
        """The kinds that there are at the end."""
        return list(self.samples[-1][1])


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


def usage_of(roots: list[int]) -> dict[str, Usage]:
    """Return what some processes and their descendants take now, by kind."""
    found: dict[str, Usage] = defaultdict(Usage)
    parents = {pid: parent for pid, parent, _ in _stats()}
    for pid, _, ticks in _stats():
        lineage = _lineage(pid, parents)
        own = next((place for place, each in enumerate(lineage) if each in roots), None)
        if own is None:
            continue
        kind = next((kind for each in lineage[: own + 1] if (kind := _kind(each))), "others")
        usage = found[kind]
        usage.processes += 1
        usage.memory_mb += _memory_mb(pid)
        usage.cpu_seconds += ticks / TICKS
    return dict(found)


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
