"""Asks a kept rehearsal's production REST API at a constant rate and watches errors, latency and memory.

In: a project left up by `make rehearse KEEP=1`. Out: build/bench/load-rest-api.json and a table. Requests leave when
they are due whether or not earlier ones were answered, and their latency counts from then on.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from benchmark_report import Goal, save
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

FAILED = 0
SENDERS = 48
MOST_ERRORS = 0.0001
GROWTH = 1.05
"""The last fifth of the time may take this much of the memory after the first fifth, when buffers have their size."""

WARM_UP = (0.1, 0.3, 0.6, 1.0)
"""Shares of the rate before anything is measured: functions start environments as they are called at once."""

WARM_UP_SECONDS = 5.0
SAMPLE_SECONDS = 5.0
UNLIMITED = "10000"


@dataclass(frozen=True)
class Target:
    """The API behind one local AWS."""

    session: boto3.Session
    host: str
    path: str
    body: bytes

    def headers(self) -> dict[str, str]:
        """Return the headers of a request signed now."""
        url = f"http://{self.host}{self.path}"
        request = AWSRequest("POST", url, {"content-type": "application/json"}, self.body)
        credentials = self.session.get_credentials()
        if credentials is None:
            raise SystemExit("no credentials: export what the rehearsal prints")
        SigV4Auth(credentials, "execute-api", self.session.region_name).add_auth(request)
        return dict(request.headers)


@dataclass
class Load:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    late: int = 0

    def percentile(self, share: float) -> float:
        """Return the latency that so large a share of requests kept."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.statuses.total()

    def errors(self, *allowed: int) -> float:
        """Return the share that got none of the allowed statuses."""
        wrong = sum(count for status, count in self.statuses.items() if status not in allowed)
        return wrong / max(1, self.requests)


def main() -> int:
    """Run the load; returns 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--project", default="churn")
    parser.add_argument("--rehearsal", type=Path, default=Path("build/rehearsal"))
    options = parser.parse_args()
    session = boto3.Session()
    target = find_target(session, options.project, options.rehearsal)
    process = int((options.rehearsal / "localaws.pid").read_text())
    memory: list[float] = []
    with throttling(session, target, UNLIMITED):
        for part in WARM_UP:
            offer(target, options.rate * part, WARM_UP_SECONDS)
        with sampling(process, memory):
            served = offer(target, options.rate, options.minutes * 60)
    throttled = offer(target, options.rate, min(30.0, options.minutes * 60))
    return report(options.rate, served, throttled, memory)


def find_target(session: boto3.Session, project: str, rehearsal: Path) -> Target:
    """Return the project's production API, reached without the proxy so that no TLS is measured."""
    described = session.client("sagemaker").describe_project(ProjectName=project)
    provisioned = described["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    outputs = session.client("servicecatalog").get_provisioned_product_outputs(
        ProvisionedProductId=provisioned
    )["Outputs"]
    url = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "ProductionApiUrl")
    parts = urlsplit(url)
    endpoint = urlsplit(session.client("sts").meta.endpoint_url)
    path = f"/_aws/execute-api/{parts.netloc.split('.')[0]}{parts.path}"
    return Target(session, endpoint.netloc, path, (rehearsal / "record.json").read_bytes())


@contextmanager
def throttling(session: boto3.Session, target: Target, rate: str) -> Iterator[None]:
    """Let the stage take ``rate`` requests a second while inside."""
    client = session.client("apigateway")
    *_, api, stage, _ = target.path.split("/")
    before = client.get_stage(restApiId=api, stageName=stage)["methodSettings"]["*/*"]
    set_rate(client, api, stage, rate, rate)
    try:
        yield
    finally:
        set_rate(client, api, stage, f"{before['throttlingRateLimit']}", f"{before['throttlingBurstLimit']}")


def set_rate(client: object, api: str, stage: str, rate: str, burst: str) -> None:
    """Change the stage's throttling."""
    given = {"rateLimit": rate, "burstLimit": burst}
    client.update_stage(  # type: ignore[attr-defined]
        restApiId=api,
        stageName=stage,
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value}
            for name, value in given.items()
        ],
    )


def offer(target: Target, rate: float, seconds: float) -> Load:
    """Send requests at a constant rate for so long."""
    load, lock = Load(), threading.Lock()
    due = iter(range(int(rate * seconds)))
    began = time.perf_counter() + 0.5

    def send() -> None:
        connection = http.client.HTTPConnection(target.host, timeout=60)
        while True:
            with lock:
                number = next(due, None)
            if number is None:
                return
            moment = began + number / rate
            time.sleep(max(0.0, moment - time.perf_counter()))
            behind = time.perf_counter() - moment > 1.0
            status = ask(connection, target)
            with lock:
                load.statuses[status] += 1
                load.late += behind
                load.milliseconds.append((time.perf_counter() - moment) * 1000)

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return load


def ask(connection: http.client.HTTPConnection, target: Target) -> int:
    """Send one request; return its status, `FAILED` without an answer."""
    try:
        connection.request("POST", target.path, target.body, target.headers())
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return FAILED


@contextmanager
def sampling(process: int, memory: list[float]) -> Iterator[None]:
    """Note the memory of a process and its children now and then while inside."""
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            memory.append(resident_mb(process))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield
    finally:
        ended.set()
        sampler.join()


def resident_mb(process: int) -> float:
    """Return the memory of the local AWS: of its one process, which holds all state."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def report(rate: float, served: Load, throttled: Load, memory: list[float]) -> int:
    """Save and show what was measured; returns 1 when a goal is missed."""
    fifth = max(1, len(memory) // 5)
    growth = sum(memory[-fifth:]) / max(1.0, sum(memory[fifth : 2 * fifth]))
    rows = [
        {
            "requests": load.requests,
            "rate": rate,
            "200": load.statuses[200],
            "429": load.statuses[429],
            "others": load.requests - load.statuses[200] - load.statuses[429],
            "p50_ms": round(load.percentile(0.5), 1),
            "p99_ms": round(load.percentile(0.99), 1),
            "sent_late": load.late,
            "memory_mb": round(memory[-1] if memory else 0.0, 1),
        }
        for load in (served, throttled)
    ]
    goals = [
        Goal("errors", f"below {MOST_ERRORS:.2%}", served.errors(200), served.errors(200) < MOST_ERRORS),
        Goal("requests sent late", "none", served.late, served.late == 0),
        Goal("memory at the end, of that after the start", f"at most {GROWTH}", growth, growth <= GROWTH),
        Goal(
            "throttled callers with neither 200 nor 429",
            "none",
            throttled.errors(200, 429),
            throttled.errors(200, 429) == 0,
        ),
        Goal("callers throttled", "some", throttled.statuses[429], throttled.statuses[429] > 0),
    ]
    save("load-rest-api", rows, goals)
    return 0 if all(goal.met for goal in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
