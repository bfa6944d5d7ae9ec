"""Keeps the container's server at half of its load for minutes and watches its memory, which must stay flat.

In: the container's package and `wrk` on PATH. Out: build/bench/soak.json and a table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_serving import HERE, OURS, SERVERS, load, make_bodies, start
from benchmark_report import Goal, save

MILLISECONDS_BETWEEN = 8
GROWTH = 1.03
"""The last fifth of the time may take this much of the memory after the first fifth, when buffers have their size."""


def main() -> int:
    """Run the soak; returns 1 when memory grew or a request failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--samples", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        body = next(body for body in make_bodies(root) if body.name == "json-1")
        (root / body.name).write_bytes(body.content)
        server = next(server for server in SERVERS if server.name == OURS)
        with start(server, root) as (process, port):
            full = load(port, root / body.name, body.content_type, 8, 5)
            half = full["requests"] / full["seconds"] / 2
            print(f"full load {2 * half:.0f} requests/s, soaking at {half:.0f}", flush=True)
            rows = soak(process.pid, port, root / body.name, half, options)
    fifth = max(1, len(rows) // 5)
    before = sum(row["memory_mb"] for row in rows[fifth : 2 * fifth]) / fifth
    after = sum(row["memory_mb"] for row in rows[-fifth:]) / fifth
    goal = Goal(
        "memory at the end, of that after the start",
        f"at most {GROWTH}",
        after / before,
        after <= GROWTH * before,
    )
    save("soak", rows, [goal])
    return 0 if goal.met else 1


def soak(pid: int, port: int, body: Path, rate: float, options: argparse.Namespace) -> list[dict[str, float]]:
    """Load the server at a rate and sample the memory of its processes."""
    seconds = options.minutes * 60
    connections = max(1, round(rate * MILLISECONDS_BETWEEN / 1000))
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "-s",
        str(HERE / "serving" / "wrk_report.lua"),
    ]
    environment = os.environ | {
        "BODY_FILE": str(body),
        "BODY_TYPE": "application/json",
        "DELAY": str(MILLISECONDS_BETWEEN),
    }
    rows: list[dict[str, float]] = []
    with subprocess.Popen([*command, f"http://127.0.0.1:{port}/invocations"], env=environment) as client:
        started = time.monotonic()
        for sample in range(options.samples):
            time.sleep(max(0.0, started + (sample + 1) * seconds / options.samples - time.monotonic()))
            rows.append({"seconds": round(time.monotonic() - started), "memory_mb": round(memory(pid), 1)})
        client.wait()
    return rows


def memory(pid: int) -> float:
    """Return what a process and its children hold, in MB, shared pages divided among them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    held = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return held / 1024 + sum(memory(int(child)) for child in children)


if __name__ == "__main__":
    sys.exit(main())
