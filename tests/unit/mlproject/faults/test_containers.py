"""Containers are found by the name of their job or endpoint, and harmed one by one."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import docker
import docker.errors
import pytest

from mlproject.errors import PlatformError
from mlproject.faults.containers import DockerContainers, ProcessContainer, ProcessContainers, containers
from mlproject.faults.image_faults import BROKEN, broken
from mlproject.faults.injection import until

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def job() -> Iterator[str]:
    """Return the name of a job on two hosts, each with two processes."""
    name = f"job-{uuid.uuid4()}"
    with ExitStack() as stack:
        for host in ("algo-1", "algo-1", "algo-2", "algo-2"):
            environment = {**os.environ, "ML_ROOT": f"/data/training/{name}/{host}"}
            process = stack.enter_context(subprocess.Popen(SLEEP, env=environment, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout is not None
            process.stdout.readline()
        yield name


def state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def test_processes_of_a_host_are_one_container_and_end_as_one(job: str) -> None:
    engine = ProcessContainers()
    assert len(engine.find(job)) == 2
    engine.find(job)[-1].kill()
    until(lambda: len(engine.find(job)) == 1, "the second host does not end", 10)
    engine.find(job)[0].starve()
    until(lambda: not engine.find(job), "the first host does not end", 10)


def test_a_frozen_container_stands_still_until_it_is_thawed(job: str) -> None:
    found = ProcessContainers().find(job)[0]
    found.freeze()
    assert isinstance(found, ProcessContainer)
    until(lambda: all(state(each) == "T" for each in found.processes), "it does not stand still", 10)
    found.thaw()
    until(lambda: all(state(each) != "T" for each in found.processes), "it does not go on", 10)


def test_names_that_only_begin_alike_are_others(job: str) -> None:
    assert not ProcessContainers().find(job[:-1])


def test_the_processes_of_a_function_are_found_by_its_whole_name() -> None:
    name = f"api-{uuid.uuid4()}"
    environment = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": name}
    with subprocess.Popen(SLEEP, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            assert not ProcessContainers().functions(name[:-1])
            assert ProcessContainers().functions(name) == [ProcessContainer((process.pid,))]
        finally:
            process.kill()


@dataclass
class FakeContainer:
    """What the `docker` library returns, with what is done to it."""

    name: str
    created: str
    done: list[object] = field(default_factory=list)
    gone: bool = False

    @property
    def labels(self) -> dict[str, str]:
        return {"localaws.name": self.name}

    @property
    def attrs(self) -> dict[str, str]:
        return {"Created": self.created}

    def kill(self) -> None:
        self.done.append("kill")

    def pause(self) -> None:
        self.done.append("pause")

    def unpause(self) -> None:
        self.done.append("unpause")
        if self.gone:
            raise docker.errors.NotFound("no such container")

    def update(self, **limits: str) -> None:
        self.done.append(limits)

    def exec_run(self, command: list[str]) -> tuple[int, bytes]:
        self.done.append(command)
        return (1, b"no such program") if "unknown" in command else (0, b"")


@dataclass
class FakeDocker:
    """A Docker client with some containers."""

    running: list[FakeContainer]

    @property
    def containers(self) -> FakeDocker:
        return self

    def list(self, filters: dict[str, str], ignore_removed: bool) -> list[FakeContainer]:
        assert filters == {"label": "localaws.name"}
        return self.running


def test_docker_containers_are_found_by_label_and_harmed_by_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later, first = FakeContainer("training/one/algo-2", "2"), FakeContainer("training/one/algo-1", "1")
    monkeypatch.setattr(
        docker, "from_env", lambda: FakeDocker([later, FakeContainer("training/one-b/x", "0"), first])
    )
    engine = containers("docker")
    assert isinstance(engine, DockerContainers)
    found = engine.find("one")
    found[0].freeze()
    found[0].thaw()
    found[1].starve()
    found[1].kill()
    assert first.done == ["pause", "unpause"]
    assert later.done == [{"mem_limit": "100m", "memswap_limit": "100m"}, "kill"]


def test_a_function_is_not_taken_for_the_endpoint_of_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, function = FakeContainer("endpoint/one/all", "1"), FakeContainer("function/one/2", "2")
    monkeypatch.setattr(docker, "from_env", lambda: FakeDocker([endpoint, function]))
    engine = containers("docker")
    engine.find("one")[0].kill()
    engine.functions("one")[0].freeze()
    assert (endpoint.done, function.done) == (["kill"], ["pause"])
    assert len(engine.find("one")) == len(engine.functions("one")) == 1


def test_a_container_that_ended_while_it_was_frozen_cannot_be_thawed(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = FakeContainer("function/one/2", "2", gone=True)
    monkeypatch.setattr(docker, "from_env", lambda: FakeDocker([gone]))
    containers("docker").functions("one")[0].thaw()
    assert gone.done == ["unpause"]


def test_a_dockerfile_is_broken_behind_its_first_base() -> None:
    text = "ARG BASE=x\nFROM $BASE AS build\nRUN a\nFROM $BASE\n"
    assert broken(text) == f"ARG BASE=x\nFROM $BASE AS build\n{BROKEN}\nRUN a\nFROM $BASE\n"


def test_a_program_of_a_build_is_killed_from_within_its_container(monkeypatch: pytest.MonkeyPatch) -> None:
    build = FakeContainer("codebuild/runner:1", "1")
    monkeypatch.setattr(docker, "from_env", lambda: FakeDocker([build, FakeContainer("codebuild/x:1", "0")]))
    engine = containers("docker")
    engine.kill_program("runner:1", "terraform_runner")
    assert build.done == [["pkill", "-KILL", "-f", "terraform_runner"]]
    with pytest.raises(PlatformError, match="unknown cannot be killed in runner:1: no such program"):
        engine.kill_program("runner:1", "unknown")
