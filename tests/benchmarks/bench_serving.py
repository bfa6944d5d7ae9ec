"""Serves one model by this container and by its baselines, loads them in turns with wrk and compares them.

In: the container's package and `wrk` on PATH. Out: build/bench/serving.json, docs/benchmarks/serving-*.svg, tables.
Ratios hold on any machine, because all servers take turns in one run on the same load generator.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmark_report import Goal, draw_bars, save

HERE = Path(__file__).resolve().parent
IMPORTED = (str(HERE / "serving"), str(HERE.parents[1] / "containers" / "xgboost-daal4py"))
sys.path[:0] = IMPORTED

from bench_model import Body, make_bodies  # noqa: E402

WORKERS = os.cpu_count() or 1
START_SECONDS = 60
OURS, CONSTANT, AWS, AWS_INPLACE, CONVERTING = "ours", "constant", "aws", "aws-inplace", "converting"
GUNICORN = (
    sys.executable,
    "-m",
    "gunicorn",
    "--log-level",
    "error",
    "--workers",
    str(WORKERS),
    "--timeout",
    "120",
)
SERVE = "import sys; from xgboost_daal4py.serving import main; sys.exit(main())"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, eq=False)
class Server:
    """How a server is started; it listens on SAGEMAKER_BIND_TO_PORT or on gunicorn's --bind."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    bodies: tuple[str, ...]


CSV = ("csv-1", "csv-100", "csv-10000")
SERVERS = (
    Server(OURS, (sys.executable, "-c", SERVE), {}, (*CSV, "npy-10000", "json-1", "json-100")),
    Server(CONSTANT, (sys.executable, "-m", "constant_server"), {}, ("csv-1",)),
    Server(AWS, (*GUNICORN, "-k", "gevent", "aws_structure:app"), ONE_THREAD, CSV),
    Server(
        AWS_INPLACE,
        (*GUNICORN, "-k", "gevent", "aws_structure:app"),
        {**ONE_THREAD, "PREDICT": "inplace"},
        CSV,
    ),
    Server(CONVERTING, (*GUNICORN, "conversion_per_request:app"), ONE_THREAD, CSV),
)
CONNECTIONS: Mapping[str, Sequence[int]] = {
    "csv-1": (1, 8, 64),
    "json-1": (1, 8),
    "csv-100": (8,),
    "json-100": (8,),
    "csv-10000": (2,),
    "npy-10000": (2,),
}


@dataclass(frozen=True)
class Row:
    """One server under one load: the median of the turns."""

    server: str
    load: str
    connections: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    failed: int


def main() -> int:
    """Run all loads; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each load in each turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        bodies = make_bodies(root)
        for body in bodies:
            (root / body.name).write_bytes(body.content)
        running = {server: stack.enter_context(start(server, root)) for server in SERVERS}
        rows = [row for body in bodies for row in measure(body, root, running, options)]
        memory = {server.name: peak_memory(process.pid) for server, (process, _) in running.items()}
    goals = judge(rows)
    peaks = [
        {"server": name, "load": "all", "peak_memory_mb": megabytes} for name, megabytes in memory.items()
    ]
    save("serving", [*(asdict(row) for row in rows), *peaks], goals)
    draw(rows)
    return 0 if all(goal.met for goal in goals) else 1


@contextmanager
def start(server: Server, root: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a server and wait until it answers; end it and its workers afterwards."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    bind = ("--bind", f"127.0.0.1:{port}") if "gunicorn" in server.command else ()
    environment = os.environ | {
        "ML_ROOT": str(root),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(WORKERS),
        "PYTHONPATH": os.pathsep.join(IMPORTED),
        **server.environment,
    }
    command = (*server.command, *bind)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_up(server.name, port)
            yield process, port
        finally:
            process.send_signal(signal.SIGTERM)


def wait_until_up(name: str, port: int) -> None:
    """Wait for any answer to /ping."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"the server {name} did not start within {START_SECONDS} s")


def measure(
    body: Body,
    root: Path,
    running: Mapping[Server, tuple[subprocess.Popen[bytes], int]],
    options: argparse.Namespace,
) -> Iterator[Row]:
    """Load all servers that take a body, turn by turn, with each number of connections."""
    servers = [server for server in running if body.name in server.bodies]
    for connections in CONNECTIONS[body.name]:
        turns: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
        for _ in range(options.turns):
            for server in servers:
                turns[server.name].append(
                    load(
                        running[server][1], root / body.name, body.content_type, connections, options.seconds
                    )
                )
        for name, found in turns.items():
            row = summarise(name, body.name, connections, found)
            print(
                f"{row.load:10} c={row.connections:<3} {row.server:12} {row.requests_per_second:10.1f}/s "
                f"p50 {row.p50_ms:8.2f} ms  p99 {row.p99_ms:8.2f} ms",
                flush=True,
            )
            yield row


def load(port: int, body: Path, content_type: str, connections: int, seconds: int) -> dict[str, float]:
    """Run wrk once."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s"]
    done = subprocess.run(
        [*command, str(HERE / "serving" / "wrk_report.lua"), f"http://127.0.0.1:{port}/invocations"],
        env=os.environ | {"BODY_FILE": str(body), "BODY_TYPE": content_type},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("JSON "))
    found: dict[str, float] = json.loads(line.removeprefix("JSON "))
    return found


def summarise(server: str, load_name: str, connections: int, turns: Sequence[Mapping[str, float]]) -> Row:
    """Take the median of the turns, and the sum of what went wrong."""
    return Row(
        server=server,
        load=load_name,
        connections=connections,
        requests_per_second=statistics.median(turn["requests"] / turn["seconds"] for turn in turns),
        p50_ms=statistics.median(turn["p50_ms"] for turn in turns),
        p99_ms=statistics.median(turn["p99_ms"] for turn in turns),
        refused=int(sum(turn["refused"] for turn in turns)),
        failed=int(sum(turn["failed"] for turn in turns)),
    )


def peak_memory(pid: int) -> float:
    """Return the sum of the peaks of a process and its children, in MB; what they share is counted for each."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return round(peak / 1024 + sum(peak_memory(int(child)) for child in children), 1)


def judge(rows: Sequence[Row]) -> list[Goal]:
    """Compare the rows with what the container is to reach."""
    by_key = {(row.server, row.load, row.connections): row for row in rows}

    def rate(server: str, load_name: str, connections: int) -> float:
        return by_key[server, load_name, connections].requests_per_second

    def best(*servers: str, load_name: str = "csv-1") -> float:
        return max(row.requests_per_second for row in rows if row.server in servers and row.load == load_name)

    def share(connections: int) -> float:
        return rate(OURS, "csv-1", connections) / rate(CONSTANT, "csv-1", connections)

    def slowdown(connections: int) -> float:
        return rate(OURS, "csv-1", connections) / rate(OURS, "json-1", connections)

    eight = by_key[OURS, "csv-1", 8]
    return [
        at_least(
            "one row, 1 connection: share of the constant answer",
            0.8,
            share(1),
        ),
        at_least(
            "one row, 8 connections: share of the constant answer",
            0.5,
            share(8),
        ),
        at_least("one row, best: times the AWS structure", 10, best(OURS) / best(AWS)),
        at_least(
            "one row, best: times the AWS structure with inplace_predict", 10, best(OURS) / best(AWS_INPLACE)
        ),
        at_least("one row, best: times the conversion per request", 60, best(OURS) / best(CONVERTING)),
        at_most("one row, 8 connections: p99 in p50", 5, eight.p99_ms / eight.p50_ms),
        at_least(
            "10,000 rows of CSV: times the AWS structure",
            5,
            best(OURS, load_name="csv-10000") / best(AWS, AWS_INPLACE, load_name="csv-10000"),
        ),
        at_most(
            "raw JSON record: time in processed CSV's, 1 connection",
            2,
            slowdown(1),
        ),
        at_most(
            "raw JSON record: time in processed CSV's, 8 connections",
            2,
            slowdown(8),
        ),
    ]


def at_least(name: str, goal: float, measured: float) -> Goal:
    """Return a goal that is met from ``goal`` upwards."""
    return Goal(name, f"at least {goal:g}", measured, measured >= goal)


def at_most(name: str, goal: float, measured: float) -> Goal:
    """Return a goal that is met up to ``goal``."""
    return Goal(name, f"at most {goal:g}", measured, measured <= goal)


def draw(rows: Sequence[Row]) -> None:
    """Draw the requests per second of every server under every load that several of them take."""
    for load_name, connections in (
        ("csv-1", 1),
        ("csv-1", 8),
        ("csv-1", 64),
        ("csv-100", 8),
        ("csv-10000", 2),
    ):
        found = {
            row.server: row.requests_per_second
            for row in rows
            if (row.load, row.connections) == (load_name, connections)
        }
        title = f"{load_name}, {connections} connections: requests per second"
        draw_bars(f"serving-{load_name}-{connections}", title, found)


if __name__ == "__main__":
    sys.exit(main())
