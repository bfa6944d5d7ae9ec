"""Faults of a model in production: its container dies, hangs, or its key is out of reach, while callers ask."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.faults.campaign import fault
from mlproject.faults.containers import RunningContainer
from mlproject.faults.findings import Finding
from mlproject.faults.injection import until
from mlproject.faults.model_versions import Registry, start_pipeline
from mlproject.faults.production import ask, in_production
from mlproject.faults.world import World, timed
from mlproject.rehearsal import logs, rest

CALLERS = 4


@fault(
    "endpoint crash under load",
    "kill -9 of production's container while four callers ask without pause",
    in_docker="docker kill of production's container while four callers ask without pause",
)
def crash_under_load(world: World) -> Finding:
    in_production(world)
    with _callers(world) as answers:
        until(lambda: answers.count(200) >= CALLERS, "production does not answer")
        for container in _serving(world):
            container.kill()
        until(lambda: answers.failed() > 0, "nobody notices the crash", 30)
        with timed() as timer:
            before = answers.count(200)
            until(lambda: answers.count(200) > before + CALLERS, "production does not come back", 120)
    wrong = set(answers.statuses) - {200, 503}
    if wrong:
        raise PlatformError(f"callers got {dict(answers.statuses)}")
    return Finding(
        f"{answers.count(503)} answers 503 {answers.told}, then 200 again",
        "container started again; no caller got anything but 200 and 503",
        "by itself",
        timer.seconds,
    )


@fault(
    "endpoint hangs",
    "SIGSTOP of production's container: it takes requests and never answers",
    in_docker="docker pause of production's container: it takes requests and never answers",
)
def hanging_endpoint(world: World) -> Finding:
    in_production(world)
    answer = _asked_while_frozen(world, _serving(world), {503, 504})
    return _come_back(world, answer, "the function gives the call up before Lambda ends it")


@fault(
    "Lambda timeout",
    "SIGSTOP of the API's function: Lambda ends it when its time is over",
    in_docker="docker pause of the API's function: Lambda ends it when its time is over",
)
def lambda_timeout(world: World) -> Finding:
    in_production(world)
    # A warm one, to be frozen.
    ask(world)
    name = world.endpoint_name("prod")
    answer = _asked_while_frozen(world, world.containers.functions(name), {502})
    if "Task timed out after" not in logs.read(world.session, f"/aws/lambda/{name}"):
        raise PlatformError("the function's log has no word of its time-out")
    return _come_back(
        world, answer, "Lambda ended the instance and says so in its log; the next call gets another"
    )


def _asked_while_frozen(
    world: World, frozen: list[RunningContainer], expected: set[int]
) -> requests.Response:
    """Return what a caller gets while containers stand still: never an answer, always a sentence."""
    if not frozen:
        raise PlatformError("nothing runs that could be frozen")
    try:
        for container in frozen:
            container.freeze()
        answer = ask(world)
    finally:
        for container in frozen:
            container.thaw()
    if answer.status_code not in expected:
        raise PlatformError(f"the caller got {answer.status_code}: {answer.text}")
    return answer


def _come_back(world: World, answer: requests.Response, end_state: str) -> Finding:
    with timed() as timer:
        until(lambda: ask(world).status_code == requests.codes.ok, "production does not come back", 120)
    return Finding(f"{answer.status_code} {answer.text}", end_state, "by itself", timer.seconds)


@fault("KMS key disabled", "the platform's key is disabled, then enabled again")
def key_disabled(world: World) -> Finding:
    world.train()
    kms, key = world.client("kms"), world.platform_key
    kms.disable_key(KeyId=key)
    try:
        execution = start_pipeline(world, "modelbuild")
        stage, told = execution.failure()
    finally:
        kms.enable_key(KeyId=key)
    if "disabled" not in told.lower():
        raise PlatformError(f"stage {stage} fails without a word of the key: {told}")
    with timed() as timer:
        execution.retry(stage)
        until(lambda: execution.stage_status(stage) == "Succeeded", "the retry does not succeed")
    execution.abandon()
    return Finding(
        f"stage {stage}: {told}",
        "red; nothing else touched",
        "enabling the key, retry of the stage",
        timer.seconds,
    )


def _serving(world: World) -> list[RunningContainer]:
    """Return production's containers."""
    found = world.containers.find(world.endpoint_name("prod"))
    if not found:
        raise PlatformError("no container serves production")
    return found


class Answers:
    """What callers got."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.told = ""
        self.stop = threading.Event()

    def count(self, status: int) -> int:
        """Return how many got this status."""
        return self.statuses[status]

    def failed(self) -> int:
        """Return how many got anything but 200."""
        return sum(count for status, count in self.statuses.items() if status != requests.codes.ok)


@contextmanager
def _callers(world: World) -> Iterator[Answers]:
    """Let callers ask without pause while inside."""
    answers = Answers()
    url = projects.outputs(world.project.lead, world.project.project)["ProductionApiUrl"]
    body = json.dumps(Registry(world, world.project).golden_record()["record"]).encode()

    def call() -> None:
        while not answers.stop.is_set():
            answer = rest.post(world.local, url, body)
            answers.statuses[answer.status_code] += 1
            if answer.status_code != requests.codes.ok:
                answers.told = answer.text
                time.sleep(0.1)

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        answers.stop.set()
        for thread in threads:
            thread.join()
