"""A command in, its seconds, by the clock and of processor time, and its peak of memory out.

The command is started by a small process of its own, which is this file run as a program: Linux counts to a process
the peak of the one that it was forked from, and a benchmark that has made its data is large.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Measured:
    """What a process took."""

    seconds: float
    cpu_seconds: float
    """Of all its threads and children; on a busy machine it says more than the clock."""
    peak_mb: float


def measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, core: int | None = None
) -> Measured:
    """Run a command to its end, on one core alone if told; one that fails ends the benchmark."""
    pinned = [] if core is None else ["taskset", "--cpu-list", str(core)]
    done = subprocess.run(
        [sys.executable, __file__, *pinned, *command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return Measured(**json.loads(done.stdout))


def main() -> None:
    """Run the command of the command line and print what it took."""
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps(asdict(Measured(time.perf_counter() - started, cpu, usage.ru_maxrss / 1024))))


if __name__ == "__main__":
    main()
