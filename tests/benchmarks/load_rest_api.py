"""Asks a kept rehearsal's production REST API at a constant rate and watches errors, latency, memory and processors.

In: a project left up by `make rehearse KEEP=1`, and what that prints exported. Out: build/bench/load-rest-api.json and
tables. Requests leave when they are due, whether or not earlier ones were answered; their latency counts from then on.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import docker
from benchmark_report import Goal, save
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from constant_rate import Load, offer
from process_groups import Watch, watching

MOST_ERRORS = 0.0001
GROWTH = 1.05
"""The last fifth of the time may take this much of the second fifth's memory: in the first, buffers get their size."""

WARM_UP = (0.1, 0.3, 0.6, 1.0)
"""Shares of the rate before anything is measured: functions start environments as they are called at once."""

WARM_UP_SECONDS = 5.0
SAMPLE_SECONDS = 5.0
THROTTLED_SECONDS = 30.0
SIGNED_FOR_SECONDS = 10.0
"""A signature is valid for minutes; making one for each request would measure the sender."""

UNLIMITED = "10000"


@dataclass
class Target:
    """The API behind one local AWS."""

    session: boto3.Session
    address: tuple[str, int]
    path: str
    body: bytes
    _signed: float = field(default=0.0, init=False)
    _request: bytes = field(default=b"", init=False)

    def request(self) -> bytes:
        """Return a request, head and body, with a signature of the last seconds."""
        if time.monotonic() - self._signed > SIGNED_FOR_SECONDS:
            self._signed, self._request = time.monotonic(), self._sign()
        return self._request

    def _sign(self) -> bytes:
        host = f"{self.address[0]}:{self.address[1]}"
        request = AWSRequest(
            "POST", f"http://{host}{self.path}", {"content-type": "application/json"}, self.body
        )
        credentials = self.session.get_credentials()
        if credentials is None:
            raise SystemExit("no credentials: export what the rehearsal prints")
        SigV4Auth(credentials, "execute-api", self.session.region_name).add_auth(request)
        headers = {**request.headers, "Host": host, "Content-Length": str(len(self.body))}
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


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
    roots = [int((options.rehearsal / "localaws.pid").read_text()), *container_processes()]
    seconds = options.minutes * 60
    with throttling(session, target, UNLIMITED):
        for part in WARM_UP:
            offer(target.address, target.request, options.rate * part, WARM_UP_SECONDS)
        sender = time.process_time()
        with watching(roots, SAMPLE_SECONDS) as watch:
            served = offer(target.address, target.request, options.rate, seconds)
        sender = time.process_time() - sender
    throttled = offer(target.address, target.request, options.rate, min(THROTTLED_SECONDS, seconds))
    return report(options.rate, served, throttled, watch, sender)


def container_processes() -> list[int]:
    """Return the first processes of what localaws runs in Docker; none where there is no Docker."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException:
        return []
    containers = client.containers.list(filters={"label": "localaws.owner"})
    found = [int(each.attrs["State"]["Pid"]) for each in containers]
    client.close()
    return found


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
    address = (str(endpoint.hostname), endpoint.port or 80)
    return Target(session, address, path, (rehearsal / "record.json").read_bytes())


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


def set_rate(client: Any, api: str, stage: str, rate: str, burst: str) -> None:
    """Change the stage's throttling."""
    given = {"rateLimit": rate, "burstLimit": burst}
    client.update_stage(
        restApiId=api,
        stageName=stage,
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value}
            for name, value in given.items()
        ],
    )


def report(rate: float, served: Load, throttled: Load, watch: Watch, sender: float) -> int:
    """Save and show what was measured; returns 1 when a goal is missed."""
    rows = [load_row("served", rate, served), load_row("throttled", rate, throttled)]
    rows += [usage_row(kind, watch, served.requests) for kind in watch.processes()]
    rows.append({"what": "the sender", "cpu_ms_per_request": round(sender * 1000 / served.requests, 2)})
    growth = watch.growth()
    errors = served.others(200) / served.requests
    others = throttled.others(200, 429)
    goals = [
        Goal("errors", f"below {MOST_ERRORS:.2%}", errors, errors < MOST_ERRORS),
        Goal("requests sent late", "none", served.late, served.late == 0),
        Goal(
            "answers a second",
            f"{rate:.0f}",
            served.answered_a_second,
            served.answered_a_second > 0.99 * rate,
        ),
        Goal("lasting processes' memory, end of start", f"at most {GROWTH}", growth, growth <= GROWTH),
        Goal("throttled callers with neither 200 nor 429", "none", others, others == 0),
        Goal("callers throttled", "some", throttled.statuses[429], throttled.statuses[429] > 0),
    ]
    save("load-rest-api", rows, goals)
    return 0 if all(goal.met for goal in goals) else 1


def load_row(what: str, rate: float, load: Load) -> Mapping[str, Any]:
    """Return what came of a load, for the table."""
    return {
        "what": what,
        "rate": rate,
        "requests": load.requests,
        "200": load.statuses[200],
        "429": load.statuses[429],
        "others": load.others(200, 429),
        "p50_ms": round(load.percentile(0.5), 1),
        "p99_ms": round(load.percentile(0.99), 1),
        "p999_ms": round(load.percentile(0.999), 1),
        "most_at_once": load.most_at_once,
    }


def usage_row(kind: str, watch: Watch, requests: int) -> Mapping[str, Any]:
    """Return what the processes of a kind took, for the table: memory minute by minute."""
    minutes = range(int(watch.samples[-1][0] // 60) + 1)
    memory = {f"mb_{minute}_min": round(watch.memory(kind, minute * 60)) for minute in minutes}
    return {
        "what": kind,
        "processes": watch.processes()[kind],
        "cpu_ms_per_request": round(watch.cpu_seconds(kind) * 1000 / requests, 2),
        **memory,
        "mb_end": round(watch.memory(kind, watch.samples[-1][0])),
    }


if __name__ == "__main__":
    sys.exit(main())
